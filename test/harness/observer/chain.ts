// What somebody who has only a node can know of receipts: every transaction, every event, every slot that changed. Nothing here
// comes from us but the contracts' published ABI.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { decodeFunctionData, encodeFunctionData } from "viem";
import { receiptLedgerAbi } from "../../../src/chain/generated/receipt-ledger.js";
import { rpc } from "../../../src/chain/rpc.js";

export type Word = `0x${string}`;

/** One receipt, as the chain shows it. */
export interface SeenReceipt {
  readonly job: bigint;
  readonly result: bigint;
  readonly root: bigint;
  readonly asOfDay: bigint;
  readonly sourceClass: bigint;
  readonly programId: string;
  readonly worker: string;
  readonly proved: boolean;
  readonly proof: readonly bigint[];
  readonly signature: readonly Word[];
  readonly tx: SeenTransaction;
  /** Among the receipts of its transaction. */
  readonly position: number;
}

export interface SeenTransaction {
  readonly hash: string;
  readonly block: number;
  readonly from: string;
  readonly gasUsed: number;
  /** For the bytes of its input: 4 a zero, 16 another. */
  readonly inputGas: number;
  readonly receipts: number;
}

export interface SeenChain {
  readonly receipts: readonly SeenReceipt[];
  /** Words of all inputs and events that are not of a receipt: registrations, deployments. */
  readonly otherWords: readonly string[];
  /** What a transaction with receipts shows beyond the fields of SeenReceipt. Empty: then those are all there is. */
  readonly beyond: readonly string[];
}

interface RpcTransaction { readonly hash: string; readonly from: string; readonly to: string | null; readonly input: Word; readonly value: string; readonly accessList?: readonly unknown[] }
interface RpcLog { readonly address: string; readonly topics: readonly Word[]; readonly data: Word }
interface Place { readonly rpcUrl: string; readonly ledger: string }

/** Reads blocks from..last. */
export async function observe(place: Place, from = 0): Promise<SeenChain> {
  const receipts: SeenReceipt[] = [];
  const [otherWords, beyond]: [string[], string[]] = [[], []];
  const last = Number(await rpc(place.rpcUrl, "eth_blockNumber", []));
  for (let block = from; block <= last; block++) {
    const { transactions } = (await rpc(place.rpcUrl, "eth_getBlockByNumber", [`0x${block.toString(16)}`, true])) as { transactions: RpcTransaction[] };
    for (const tx of transactions) {
      const { logs, gasUsed } = (await rpc(place.rpcUrl, "eth_getTransactionReceipt", [tx.hash])) as { logs: RpcLog[]; gasUsed: string };
      if (tx.to === place.ledger) {
        const seen = readReceipts(tx, logs, { block, gasUsed: Number(gasUsed) });
        receipts.push(...seen);
        beyond.push(...await unexplained(place, tx, logs, seen));
      } else {
        otherWords.push(...wordsOf(tx.input.slice(10)), ...logs.flatMap((log) => [...log.topics.slice(1).map((t) => t.slice(2)), ...wordsOf(log.data.slice(2))]));
      }
    }
  }
  return { receipts, otherWords, beyond };
}

export const wordsOf = (hex: string): string[] => hex.match(/.{64}/g) ?? [];
const hexWord = (value: bigint): string => value.toString(16).padStart(64, "0");

interface Entry { readonly claim: { readonly signals: readonly bigint[]; readonly proof: readonly bigint[] }; readonly r: Word; readonly vs: Word }

function readReceipts(tx: RpcTransaction, logs: readonly RpcLog[], { block, gasUsed }: { block: number; gasUsed: number }): SeenReceipt[] {
  const { functionName, args } = decodeFunctionData({ abi: receiptLedgerAbi, data: tx.input });
  if (functionName !== "submitBatch") throw new Error(`receipts come by submitBatch, not ${functionName}`);
  const [programId, entries] = args as unknown as readonly [Word, readonly Entry[]];
  const bytes = Buffer.from(tx.input.slice(2), "hex");
  const inputGas = bytes.reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0);
  const seenTx: SeenTransaction = { hash: tx.hash, block, from: tx.from, gasUsed, inputGas, receipts: entries.length };
  return entries.map(({ claim, r, vs }, position) => {
    const [root, result, job, asOfDay, sourceClass] = claim.signals as readonly [bigint, bigint, bigint, bigint, bigint];
    const event = logs[position] as RpcLog;
    const proved = BigInt(`0x${wordsOf(event.data.slice(2)).at(-1) as string}`) === 1n;
    return { job, result, root, asOfDay, sourceClass, programId, worker: event.topics[3] as string, proved, proof: claim.proof, signature: [r, vs], tx: seenTx, position };
  });
}

/** Whatever of input, value, events and storage does not follow from the fields of the receipts. */
async function unexplained({ rpcUrl, ledger }: Place, tx: RpcTransaction, logs: readonly RpcLog[], receipts: readonly SeenReceipt[]): Promise<string[]> {
  const found: string[] = [];
  const entries = receipts.map((r) => ({ claim: { signals: [r.root, r.result, r.job, r.asOfDay, r.sourceClass], proof: r.proof }, r: r.signature[0], vs: r.signature[1] }));
  const again = encodeFunctionData({ abi: receiptLedgerAbi, functionName: "submitBatch", args: [receipts[0]?.programId, entries] as never });
  if (again !== tx.input) found.push(`${tx.hash}: bytes in the input`);
  if (BigInt(tx.value) !== 0n || (tx.accessList ?? []).length > 0) found.push(`${tx.hash}: value or access list`);
  if (logs.length !== receipts.length || logs.some((log) => log.address !== ledger)) found.push(`${tx.hash}: other events`);
  for (const [i, log] of logs.entries()) {
    const r = receipts[i] as SeenReceipt;
    const known = new Set([r.job, r.result, r.root, r.asOfDay, r.sourceClass, r.proved ? 1n : 0n].map(hexWord).concat(r.programId.slice(2), r.worker.slice(2)));
    const words = [...log.topics.slice(1).map((t) => t.slice(2)), ...wordsOf(log.data.slice(2))];
    found.push(...words.filter((word) => !known.has(word)).map((word) => `${tx.hash}: event word ${word}`));
  }
  return [...found, ...await unexplainedStorage(rpcUrl, ledger, tx, receipts)];
}

/** Slots of the ledger's mapping lie at keccak(J, position of the mapping): nothing else may have changed. */
async function unexplainedStorage(rpcUrl: string, ledger: string, tx: RpcTransaction, receipts: readonly SeenReceipt[]): Promise<string[]> {
  const options = { tracer: "prestateTracer", tracerConfig: { diffMode: true } };
  const { post } = (await rpc(rpcUrl, "debug_traceTransaction", [tx.hash, options])) as { post: Record<string, { storage?: Record<string, string> }> };
  const expected = new Map(receipts.map((r) => [slotOf(r.job), hexWord(r.result)]));
  return Object.entries(post).flatMap(([account, { storage }]) => Object.entries(storage ?? {})
    .filter(([slot, value]) => account !== ledger || expected.get(slot.slice(2)) !== value.slice(2))
    .map(([slot]) => `${tx.hash}: slot ${slot} of ${account}`));
}

/** `receipts` is the ledger's first and only variable. */
const slotOf = (job: bigint): string => Buffer.from(keccak_256(Buffer.from(hexWord(job) + hexWord(0n), "hex"))).toString("hex");
