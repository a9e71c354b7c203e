import type { Bytes } from "../protocol/bytes.js";
import { LedgerAccount } from "./account.js";
import { connect } from "./client.js";
import { anchorTo, batchArgs, circuitArgs, insertArgs, stepsArgs, submitArgs, toHex0x, with0x } from "./encode.js";
import { datasetRegistryAbi } from "./generated/dataset-registry.js";
import { programRegistryAbi } from "./generated/program-registry.js";
import { provedDatasetRegistryAbi } from "./generated/proved-dataset-registry.js";
import { receiptLedgerAbi } from "./generated/receipt-ledger.js";
import { sourceRegistryAbi } from "./generated/source-registry.js";
import { workerRegistryAbi } from "./generated/worker-registry.js";
import type { ChainSender, CircuitRegistration, CircuitRole, Deployment, Mined } from "./ports.js";

export interface SenderOptions {
  readonly rpcUrl: string | readonly string[];
  readonly deployment: Deployment;
  /** secp256k1, 32 bytes. Its account must not be used by another process. */
  readonly privateKey: Bytes;
}

/** @throws chain_unavailable, config_invalid (the node is on another chain) */
export async function openSender(options: SenderOptions): Promise<ChainSender> {
  const client = await connect({ rpcUrl: options.rpcUrl, chainId: options.deployment.chainId });
  return senderOf(await LedgerAccount.open(client, options.privateKey), options.deployment);
}

/** The sender of an account that is already open. */
export function senderOf(account: LedgerAccount, deployment: Deployment): ChainSender {
  const datasets = (functionName: string, ...args: readonly unknown[]): Promise<Mined> =>
    account.call({ address: with0x(deployment.datasetRegistry), abi: datasetRegistryAbi, functionName, args });
  const proved = (functionName: string, ...args: readonly unknown[]): Promise<Mined> =>
    account.call({ address: with0x(deployment.provedDatasetRegistry), abi: provedDatasetRegistryAbi, functionName, args });
  const sources = (functionName: string, ...args: readonly unknown[]): Promise<Mined> =>
    account.call({ address: with0x(deployment.sourceRegistry), abi: sourceRegistryAbi, functionName, args });
  const programs = (functionName: string, ...args: readonly unknown[]): Promise<Mined> =>
    account.call({ address: with0x(deployment.programRegistry), abi: programRegistryAbi, functionName, args });
  const workers = (functionName: string, ...args: readonly unknown[]): Promise<Mined> =>
    account.call({ address: with0x(deployment.workerRegistry), abi: workerRegistryAbi, functionName, args });
  const registerCircuit = ({ role, program, key, artefactHash, developmentParameters }: CircuitRegistration): Promise<Mined> =>
    programs("registerCircuit", ...circuitArgs(role, program), toHex0x(key), toHex0x(artefactHash), developmentParameters);
  const retireCircuit = (role: CircuitRole, program: string | undefined): Promise<Mined> =>
    programs("retireCircuit", ...circuitArgs(role, program));

  return {
    account: account.address,
    insertLeaf: (leaf, authority, signature) => datasets("insert", leaf, with0x(authority), toHex0x(signature)),
    revokeLeaf: (leaf, siblings, signature) => datasets("revoke", leaf, siblings, toHex0x(signature)),
    proveSteps: (steps) => proved("proveSteps", ...stepsArgs(steps)),
    insertProvedLeaf: async (leaf, from) => proved("insert", ...insertArgs(leaf, from)),
    revokeProvedLeaf: (leaf, siblings, signature) => proved("revoke", leaf, siblings, toHex0x(signature)),
    registerModel: (model) => programs("registerModel", model),
    registerProgram: (registration) => registerCircuit({ ...registration, role: "score" }),
    retireProgram: (program) => retireCircuit("score", program),
    registerCircuit,
    retireCircuit,
    registerSource: (source, sourceClass) => sources("register", with0x(source), sourceClass),
    retireSource: (source) => sources("retire", with0x(source)),
    registerWorker: (worker, evidenceDigest, notAfter, anchor) =>
      workers("register", with0x(worker), toHex0x(evidenceDigest), BigInt(notAfter), anchorTo(anchor)),
    revokeWorker: (worker) => workers("revoke", with0x(worker)),
    submitReceipt: (submission) => account.call({
      address: with0x(deployment.receiptLedger),
      abi: receiptLedgerAbi,
      functionName: "submit",
      args: submitArgs(submission),
    }),
    submitReceipts: async (submissions) => account.call({
      address: with0x(deployment.receiptLedger),
      abi: receiptLedgerAbi,
      functionName: "submitBatch",
      args: batchArgs(submissions),
    }),
  };
}
