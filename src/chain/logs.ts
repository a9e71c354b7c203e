import { fromHex, toHex, type Bytes } from "../protocol/bytes.js";
import type { Field } from "../protocol/field.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { ChainClient } from "./client.js";
import { addressFrom, fieldFrom, numberFrom, with0x, without0x } from "./encode.js";
import { datasetRegistryAbi } from "./generated/dataset-registry.js";
import { provedDatasetRegistryAbi } from "./generated/proved-dataset-registry.js";
import { receiptLedgerAbi } from "./generated/receipt-ledger.js";
import { workerRegistryAbi } from "./generated/worker-registry.js";
import type { Deployment, LeafEvent, ProvedLeafRecord, ReceiptRecord } from "./ports.js";

/** Blocks asked for at once: public nodes refuse wider ranges. */
const LOG_RANGE = 10_000n;

export const until = (at: number | undefined) => ({ toBlock: at === undefined ? ("latest" as const) : BigInt(at) });

/** All events of a registry's tree from a block to the head, in chain order. Both registries have those of the ABI used here. */
export async function leafEvents({ viem, at }: ChainClient, deployment: Deployment, registry: LedgerAddress, fromBlock: number): Promise<readonly LeafEvent[]> {
  const head = at === undefined ? await viem.getBlockNumber() : BigInt(at);
  const events: LeafEvent[] = [];
  for (let from = BigInt(Math.max(fromBlock, deployment.block)); from <= head; from += LOG_RANGE) {
    const to = from + LOG_RANGE - 1n < head ? from + LOG_RANGE - 1n : head;
    const logs = await viem.getContractEvents({
      address: with0x(registry), abi: datasetRegistryAbi, fromBlock: from, toBlock: to, strict: true,
    });
    for (const { eventName, args, blockNumber, transactionHash } of logs) {
      events.push({
        kind: eventName === "LeafInserted" ? "inserted" : "removed",
        leaf: fieldFrom(args.leaf),
        index: numberFrom(args.index),
        root: fieldFrom(args.root),
        authority: "authority" in args ? addressFrom(args.authority) : undefined,
        blockNumber: numberFrom(blockNumber),
        txHash: without0x(transactionHash),
      });
    }
  }
  return events;
}

/** The event with which a proved leaf was registered; a leaf is never registered twice. */
export async function provedLeafRecord({ viem, at }: ChainClient, deployment: Deployment, leaf: Field): Promise<ProvedLeafRecord | undefined> {
  const [log] = await viem.getContractEvents({
    address: with0x(deployment.provedDatasetRegistry), abi: provedDatasetRegistryAbi, eventName: "LeafProved", args: { leaf },
    fromBlock: BigInt(deployment.block), ...until(at), strict: true,
  });
  if (log === undefined) return undefined;
  return {
    programId: fromHex(log.args.programId),
    datasetRoot: fieldFrom(log.args.datasetRoot),
    sourceClass: numberFrom(log.args.sourceClass),
    sourceKey: fieldFrom(log.args.sourceKey),
    txHash: without0x(log.transactionHash),
    blockNumber: numberFrom(log.blockNumber),
  };
}

/** The ledger's event for a job. Asks for the whole life of the contract at once: J is indexed. */
export async function receiptRecord({ viem, at }: ChainClient, deployment: Deployment, job: Field): Promise<ReceiptRecord | undefined> {
  const [log] = await viem.getContractEvents({
    address: with0x(deployment.receiptLedger), abi: receiptLedgerAbi, eventName: "Receipt", args: { job },
    fromBlock: BigInt(deployment.block), ...until(at), strict: true,
  });
  if (log === undefined) return undefined;
  return {
    resultCommitment: fieldFrom(log.args.result),
    programId: fromHex(log.args.programId),
    worker: addressFrom(log.args.worker),
    registryRoot: fieldFrom(log.args.root),
    asOfDay: numberFrom(log.args.asOfDay),
    sourceClass: numberFrom(log.args.sourceClass),
    proved: log.args.proved,
    txHash: without0x(log.transactionHash),
    blockNumber: numberFrom(log.blockNumber),
  };
}

/** Block time of the last registration of an account with a digest. The account is indexed. */
export async function workerRegisteredAt({ viem, at }: ChainClient, deployment: Deployment, account: LedgerAddress, evidenceDigest: Bytes): Promise<number | undefined> {
  const logs = await viem.getContractEvents({
    address: with0x(deployment.workerRegistry), abi: workerRegistryAbi, eventName: "WorkerRegistered", args: { account: with0x(account) },
    fromBlock: BigInt(deployment.block), ...until(at), strict: true,
  });
  const registration = logs.findLast(({ args }) => without0x(args.evidenceDigest) === toHex(evidenceDigest));
  if (registration === undefined) return undefined;
  return numberFrom((await viem.getBlock({ blockNumber: registration.blockNumber })).timestamp);
}
