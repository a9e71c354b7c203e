import { toHex } from "../protocol/bytes.js";
import type { ChainClient } from "./client.js";
import { with0x, without0x } from "./encode.js";
import { datasetRegistryAbi } from "./generated/dataset-registry.js";
import { programRegistryAbi } from "./generated/program-registry.js";
import { workerRegistryAbi } from "./generated/worker-registry.js";
import { until } from "./logs.js";
import type { Deployment, Effect } from "./ports.js";

/**
 * Hash of the transaction in which a contract announced an effect. Asks for the whole life of the contract at once: what is
 * looked for is indexed. Of several registrations the first model's counts, and the last worker's.
 */
export async function placeOf({ viem, at }: ChainClient, deployment: Deployment, effect: Effect): Promise<string | undefined> {
  const range = { fromBlock: BigInt(deployment.block), ...until(at), strict: true } as const;
  switch (effect.of) {
    case "leaf":
    case "proved_leaf": {
      const eventName = effect.change === "inserted" ? "LeafInserted" : "LeafRemoved";
      const address = with0x(effect.of === "leaf" ? deployment.datasetRegistry : deployment.provedDatasetRegistry);
      const logs = await viem.getContractEvents({ address, abi: datasetRegistryAbi, eventName, args: { leaf: effect.leaf }, ...range });
      return hashOf(logs.at(-1));
    }
    case "model": {
      const address = with0x(deployment.programRegistry);
      const logs = await viem.getContractEvents({ address, abi: programRegistryAbi, eventName: "ModelRegistered", args: { model: effect.model }, ...range });
      return hashOf(logs[0]);
    }
    case "worker": {
      const address = with0x(deployment.workerRegistry);
      const logs = await viem.getContractEvents({ address, abi: workerRegistryAbi, eventName: "WorkerRegistered", args: { account: with0x(effect.account) }, ...range });
      return hashOf(logs.findLast(({ args }) => without0x(args.evidenceDigest) === toHex(effect.evidenceDigest)));
    }
  }
}

const hashOf = (log: { readonly transactionHash: `0x${string}` } | undefined): string | undefined =>
  (log === undefined ? undefined : without0x(log.transactionHash));
