import { fromHex } from "../protocol/bytes.js";
import type { Field } from "../protocol/field.js";
import { ledgerProgramId } from "../protocol/ledger-digest.js";
import { ensure } from "../protocol/errors.js";
import { connect, type ChainClient } from "./client.js";
import { addressFrom, anchorFrom, batchArgs, circuitArgs, fieldFrom, numberFrom, submitArgs, toHex0x, with0x, without0x } from "./encode.js";
import { absent, refused } from "./errors.js";
import { datasetRegistryAbi } from "./generated/dataset-registry.js";
import { programRegistryAbi } from "./generated/program-registry.js";
import { provedDatasetRegistryAbi } from "./generated/proved-dataset-registry.js";
import { receiptLedgerAbi } from "./generated/receipt-ledger.js";
import { sourceRegistryAbi } from "./generated/source-registry.js";
import { workerRegistryAbi } from "./generated/worker-registry.js";
import { leafEvents, provedLeafRecord, receiptRecord, workerRegisteredAt } from "./logs.js";
import { placeOf } from "./places.js";
import { refusalName } from "./refusals.js";
import type { BlockRef, ChainReader, CircuitRole, Deployment, LeafStatus, Mined, ProgramStatus, TxView } from "./ports.js";

const ZERO_ADDRESS = `0x${"0".repeat(40)}`;

/** @throws chain_unavailable, config_invalid (the node is on another chain) */
export async function openReader(rpcUrl: string, deployment: Deployment): Promise<ChainReader> {
  return readerOf(await connect({ rpcUrl, chainId: deployment.chainId }), deployment);
}

export function readerOf(client: ChainClient, deployment: Deployment): ChainReader {
  const { viem } = client;
  const at = blockOf(client);
  const datasets = registryReader(client, deployment, "datasetRegistry");
  const provedDatasets = registryReader(client, deployment, "provedDatasetRegistry");
  const proved = { address: with0x(deployment.provedDatasetRegistry), abi: provedDatasetRegistryAbi, ...at } as const;
  const sources = { address: with0x(deployment.sourceRegistry), abi: sourceRegistryAbi, ...at } as const;
  const programs = { address: with0x(deployment.programRegistry), abi: programRegistryAbi, ...at } as const;
  const workers = { address: with0x(deployment.workerRegistry), abi: workerRegistryAbi, ...at } as const;
  const ledger = { address: with0x(deployment.receiptLedger), abi: receiptLedgerAbi, ...at } as const;

  const circuit = async (role: CircuitRole, program: string | undefined): Promise<ProgramStatus | undefined> => {
    const entry = await viem.readContract({ ...programs, functionName: "circuit", args: circuitArgs(role, program) });
    if (entry.key === ZERO_ADDRESS) return undefined;
    const { developmentParameters, retired } = entry;
    return { keySha256: fromHex(entry.keySha256), artefactHash: fromHex(entry.artefactHash), developmentParameters, retired };
  };

  return answering({
    head: async () => {
      const [actual, block] = await Promise.all([viem.getChainId(), viem.getBlock({ blockTag: "latest" })]);
      ensure(actual === deployment.chainId, "chain_unavailable", "the node is on another chain", { expected: deployment.chainId, actual });
      return blockRef(block);
    },
    block: (number: number) => viem.getBlock({ blockNumber: BigInt(number) }).then(blockRef).catch(absent("BlockNotFoundError")),
    transaction: (hash: string) => transaction(client, with0x(hash)),
    isPending: async (hash) => {
      const found = await viem.getTransaction({ hash: with0x(hash) }).catch(absent("TransactionNotFoundError"));
      return found !== undefined && found.blockHash === null;
    },
    place: async (effect) => {
      const hash = await placeOf(client, deployment, effect);
      return hash === undefined ? undefined : transaction(client, with0x(hash)).then((tx) => (tx === undefined ? undefined : minedOf(tx)));
    },
    ...datasets,
    provedRoot: provedDatasets.root,
    isKnownProvedRoot: provedDatasets.isKnownRoot,
    provedLeaf: provedDatasets.leaf,
    provedLeafEvents: provedDatasets.leafEvents,
    provedLeafRecord: (leaf) => provedLeafRecord(client, deployment, leaf),
    isReached: (program, start, state) =>
      viem.readContract({ ...proved, functionName: "isReached", args: [toHex0x(ledgerProgramId(program)), start, state] }),
    sourceOf: async (account) => {
      const { class: sourceClass, retired } = await viem.readContract({ ...sources, functionName: "source", args: [with0x(account)] });
      return sourceClass === 0 ? undefined : { sourceClass, retired };
    },

    receipt: async (job) => {
      const result = await viem.readContract({ ...ledger, functionName: "receipts", args: [job] });
      return result === 0n ? undefined : fieldFrom(result);
    },
    receiptRecord: (job) => receiptRecord(client, deployment, job),
    refusal: async (submission) => {
      const [selector] = await viem.readContract({ ...ledger, functionName: "check", args: submitArgs(submission) });
      return selector === "0x00000000" ? undefined : refusalName(selector);
    },
    // Simulated, since what a batch stores on its way decides whether a job comes twice.
    refusalOfBatch: async (submissions) => {
      const args = batchArgs(submissions);
      try {
        await viem.simulateContract({ ...ledger, functionName: "submitBatch", args });
        return undefined;
      } catch (cause) {
        const error = refused("refusalOfBatch", cause);
        const { reason, index } = error.facts;
        if (typeof reason !== "string") throw error;
        return { reason, index: typeof index === "number" ? index : undefined };
      }
    },

    worker: async (account) => {
      const args = [with0x(account)] as const;
      const [entry, active] = await Promise.all([
        viem.readContract({ ...workers, functionName: "worker", args }),
        viem.readContract({ ...workers, functionName: "isActive", args }),
      ]);
      if (entry.notAfter === 0n) return undefined;
      return { evidenceDigest: fromHex(entry.evidenceDigest), notAfter: numberFrom(entry.notAfter), revoked: entry.revoked, anchor: anchorFrom(entry.anchor), active };
    },
    workerRegisteredAt: (account, evidenceDigest) => workerRegisteredAt(client, deployment, account, evidenceDigest),
    modelBlock: async (model) => {
      const block = await viem.readContract({ ...programs, functionName: "modelBlock", args: [model] });
      return block === 0n ? undefined : numberFrom(block);
    },
    program: (program) => circuit("score", program),
    circuit,
  }, deployment);
}

/** What both registries answer. */
function registryReader(client: ChainClient, deployment: Deployment, name: "datasetRegistry" | "provedDatasetRegistry") {
  const { viem } = client;
  const registry = { address: with0x(deployment[name]), abi: datasetRegistryAbi, ...blockOf(client) } as const;
  return {
    root: async (): Promise<Field> => fieldFrom(await viem.readContract({ ...registry, functionName: "root" })),
    isKnownRoot: (root: Field): Promise<boolean> => viem.readContract({ ...registry, functionName: "isKnownRoot", args: [root] }),
    leaf: async (leaf: Field): Promise<LeafStatus> => {
      const [authority, revoked] = await Promise.all([
        viem.readContract({ ...registry, functionName: "authorityOf", args: [leaf] }),
        viem.readContract({ ...registry, functionName: "isRevoked", args: [leaf] }),
      ]);
      if (authority === ZERO_ADDRESS) return { state: "absent", authority: undefined, index: undefined };
      if (revoked) return { state: "revoked", authority: addressFrom(authority), index: undefined };
      const index = await viem.readContract({ ...registry, functionName: "indexOf", args: [leaf] });
      return { state: "registered", authority: addressFrom(authority), index: numberFrom(index) };
    },
    leafEvents: (fromBlock: number) => leafEvents(client, deployment, deployment[name], fromBlock),
  };
}

/** Makes every failure of a method ours. */
function answering(methods: Omit<ChainReader, "deployment">, deployment: Deployment): ChainReader {
  const wrapped = Object.entries(methods).map(([name, method]: [string, (...args: never[]) => Promise<unknown>]) => [
    name,
    (...args: never[]) => method(...args).catch((error: unknown) => Promise.reject(refused(name, error))),
  ]);
  return { ...(Object.fromEntries(wrapped) as typeof methods), deployment };
}

const blockOf = ({ at }: ChainClient): { readonly blockNumber?: bigint } => (at === undefined ? {} : { blockNumber: BigInt(at) });

const blockRef = (block: { number: bigint; hash: string; parentHash: string; timestamp: bigint }): BlockRef =>
  ({ number: numberFrom(block.number), hash: without0x(block.hash), parent: without0x(block.parentHash), time: numberFrom(block.timestamp) });

/** Where a transaction is, without what it did. */
export const minedOf = ({ txHash, blockNumber, blockHash, blockTime, gasUsed }: Mined): Mined => ({ txHash, blockNumber, blockHash, blockTime, gasUsed });

async function transaction({ viem, at }: ChainClient, hash: `0x${string}`): Promise<TxView | undefined> {
  const receipt = await viem.getTransactionReceipt({ hash }).catch(absent("TransactionReceiptNotFoundError"));
  if (receipt === undefined || (at !== undefined && receipt.blockNumber > at)) return undefined;
  const block = await viem.getBlock({ blockHash: receipt.blockHash });
  return {
    txHash: without0x(receipt.transactionHash),
    blockNumber: numberFrom(receipt.blockNumber),
    blockHash: without0x(receipt.blockHash),
    blockTime: numberFrom(block.timestamp),
    gasUsed: numberFrom(receipt.gasUsed),
    to: receipt.to === null ? undefined : addressFrom(receipt.to),
    succeeded: receipt.status === "success",
  };
}
