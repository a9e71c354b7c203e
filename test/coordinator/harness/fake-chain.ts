import { VeriteeError } from "../../../src/protocol/errors.js";
import type { Field } from "../../../src/protocol/field.js";
import type { LedgerAddress } from "../../../src/protocol/ids.js";
import type { ReceiptStatement } from "../../../src/protocol/objects/index.js";
import type { BlockRef, ChainPort, Effect, LeafStatus, Mined, ProvedLeaf, WorkerEntry } from "../../../src/coordinator/chain-port.js";

/** A transaction and how to take it back. */
interface Entry { mined: Mined; apply(mined: Mined): void; revert(): void }

type Fault = "unavailable" | "lost_answer" | "root_unknown" | "refused";

/** A ledger in memory that can fail on purpose. `sends` counts deeds that took effect. */
export class FakeChain implements ChainPort {
  readonly deployment = {
    chainId: 31337, datasetRegistry: address(1), provedDatasetRegistry: address(5), sourceRegistry: address(6), programRegistry: address(2), workerRegistry: address(3), receiptLedger: address(4),
  };
  readonly sends: string[] = [];
  readonly receipts = new Map<Field, { resultCommitment: Field; mined: Mined }>();
  /** J of receipts that are refused for a reason of their own; ProofInvalid is told without a position, as the ledger does. */
  readonly refusals = new Map<Field, string>();
  /** Size of each transaction with receipts that took effect, and the order within. */
  readonly batches: Field[][] = [];
  /** Taken one by one by the next sends. */
  readonly faults: Fault[] = [];
  #leaves = new Map<Field, LeafStatus>();
  #proved = new Map<Field, LeafStatus>();
  #models = new Set<Field>();
  #workers = new Map<LedgerAddress, WorkerEntry>();
  #places = new Map<string, Mined>();
  #entries: Entry[] = [];
  #pool: Entry[] = [];
  /** By number. */
  #blocks: string[] = [hex(0)];
  #forks = 0;

  insertLeaf = (leaf: Field, authority: LedgerAddress): Promise<Mined> =>
    this.#send(`leaf ${leaf}`, set(this.#leaves, leaf, { state: "registered", authority }), { of: "leaf", leaf, change: "inserted" });
  revokeLeaf = (leaf: Field): Promise<Mined> =>
    this.#send(`revoke ${leaf}`, set(this.#leaves, leaf, { state: "revoked", authority: undefined }), { of: "leaf", leaf, change: "removed" });
  sendProvedLeaf = ({ proof, authority }: ProvedLeaf): Promise<Mined> =>
    this.#send(`proved ${proof.leaf}`, set(this.#proved, proof.leaf, { state: "registered", authority }), { of: "proved_leaf", leaf: proof.leaf, change: "inserted" });
  revokeProvedLeaf = (leaf: Field): Promise<Mined> =>
    this.#send(`revoke proved ${leaf}`, set(this.#proved, leaf, { state: "revoked", authority: undefined }), { of: "proved_leaf", leaf, change: "removed" });
  registerModel = (model: Field): Promise<Mined> => this.#send(`model ${model}`, {
    apply: () => { this.#models.add(model); }, revert: () => { this.#models.delete(model); },
  }, { of: "model", model });
  registerWorker = (worker: WorkerEntry): Promise<Mined> =>
    this.#send(`worker ${worker.account}`, set(this.#workers, worker.account, worker), { of: "worker", account: worker.account, evidenceDigest: worker.evidenceDigest });

  submitReceipts = async (statements: readonly ReceiptStatement[]): Promise<Mined> => {
    const jobs = statements.map((s) => s.jobBinding);
    if (new Set(statements.map((s) => s.program)).size !== 1) throw new VeriteeError("input_invalid", "a batch is of one program");
    this.#judge(jobs);
    const mined = await this.#send(jobs.map((job) => `receipt ${job}`), {
      apply: (mined) => { for (const { jobBinding, resultCommitment } of statements) this.receipts.set(jobBinding, { resultCommitment, mined }); },
      revert: () => { for (const job of jobs) this.receipts.delete(job); },
    }, undefined, () => { this.batches.push(jobs); });
    return mined;
  };

  /** As submitBatch: all or none, by position where one entry is to blame. */
  #judge(jobs: readonly Field[]): void {
    const reasons = jobs.map((job) => (this.receipts.has(job) ? "JobHasReceipt" : this.refusals.get(job)));
    const named = reasons.findIndex((reason) => reason !== undefined && reason !== "ProofInvalid");
    if (named >= 0) {
      const code = reasons[named] === "RootUnknown" ? "root_unknown" : "chain_refused";
      throw new VeriteeError(code, "the ledger refused", { reason: reasons[named] as string, index: named });
    }
    if (reasons.includes("ProofInvalid")) throw new VeriteeError("chain_refused", "the ledger refused", { reason: "ProofInvalid" });
  }

  leaf = (leaf: Field): Promise<LeafStatus> => Promise.resolve(this.#leaves.get(leaf) ?? { state: "absent", authority: undefined });
  provedLeaf = (leaf: Field): Promise<LeafStatus> => Promise.resolve(this.#proved.get(leaf) ?? { state: "absent", authority: undefined });
  isModelRegistered = (model: Field): Promise<boolean> => Promise.resolve(this.#models.has(model));
  isWorkerRegistered = (worker: WorkerEntry): Promise<boolean> => Promise.resolve(this.#workers.get(worker.account)?.notAfter === worker.notAfter);
  receipt = (job: Field) => Promise.resolve(this.receipts.get(job));
  merkleProof = (leaf: Field) => (this.#leaves.get(leaf)?.state === "registered"
    ? Promise.resolve({ root: 5n as Field, index: 0, siblings: [6n as Field], proved: this.#proved.get(leaf)?.state === "registered" })
    : Promise.reject(new VeriteeError("leaf_unknown", "not in the registry")));

  head = async (): Promise<BlockRef> => (await this.block(this.#blocks.length - 1)) as BlockRef;
  block = (number: number): Promise<BlockRef | undefined> => Promise.resolve(this.#blocks[number] === undefined ? undefined
    : { number, hash: this.#blocks[number] as string, parent: this.#blocks[number - 1] ?? hex(0) });
  isPending = (hash: string): Promise<boolean> => Promise.resolve(this.#pool.some(({ mined }) => mined.txHash === hash));
  place = (effect: Effect): Promise<Mined | undefined> => Promise.resolve(this.#places.get(print(effect)));

  /** Blocks without deeds. */
  mine(blocks: number): void {
    for (let i = 0; i < blocks; i++) this.#blocks.push(this.#hash(this.#blocks.length));
  }

  /** Replaces the last blocks by as many others. What was in them is mined again in the last of these, waits for `minePool`, or is gone. */
  reorganise(depth: number, fate: "mined again" | "pending" | "gone"): void {
    const first = this.#blocks.length - depth;
    this.#forks += 1;
    this.#blocks.length = first;
    this.mine(depth);
    const last = this.#blocks.length - 1;
    const lost = this.#entries.filter(({ mined }) => mined.blockNumber >= first);
    for (const entry of lost.toReversed()) entry.revert();
    this.#entries = this.#entries.filter((entry) => !lost.includes(entry));
    if (fate !== "gone") this.#pool.push(...lost);
    if (fate === "mined again") this.#include(last);
  }

  minePool(): void {
    this.mine(1);
    this.#include(this.#blocks.length - 1);
  }

  #include(number: number): void {
    for (const entry of this.#pool.splice(0)) {
      entry.mined = { ...entry.mined, blockNumber: number, blockHash: this.#blocks[number] as string };
      entry.apply(entry.mined);
      this.#entries.push(entry);
    }
  }

  #hash(number: number): string {
    return hex((BigInt(this.#forks) << 64n) | BigInt(number));
  }

  async #send(what: string | readonly string[], effect: Pick<Entry, "apply" | "revert">, at?: Effect, also: () => void = () => undefined): Promise<Mined> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const fault = this.faults.shift();
    if (fault === "unavailable") throw new VeriteeError("chain_unavailable", "no answer");
    if (fault === "root_unknown") throw new VeriteeError("root_unknown", "the ledger refused", { reason: "RootUnknown" });
    if (fault === "refused") throw new VeriteeError("chain_refused", "the ledger refused", { reason: "ProofInvalid" });
    this.sends.push(...[what].flat());
    this.mine(1);
    const number = this.#blocks.length - 1;
    const mined = { txHash: hex(this.sends.length), blockNumber: number, blockHash: this.#blocks[number] as string, blockTime: 1, gasUsed: 21000 };
    const key = at === undefined ? undefined : print(at);
    const entry: Entry = {
      mined,
      apply: (now) => { effect.apply(now); if (key !== undefined) this.#places.set(key, now); },
      revert: () => { effect.revert(); if (key !== undefined) this.#places.delete(key); },
    };
    entry.apply(mined);
    this.#entries.push(entry);
    also();
    if (fault === "lost_answer") throw new VeriteeError("chain_unavailable", "the answer was lost");
    return mined;
  }
}

const print = (effect: Effect): string => JSON.stringify(effect, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));

/** A change of a map that can be taken back. */
function set<K, V>(map: Map<K, V>, key: K, value: V): Pick<Entry, "apply" | "revert"> {
  const before = map.get(key);
  return {
    apply: () => { map.set(key, value); },
    revert: () => { if (before === undefined) map.delete(key); else map.set(key, before); },
  };
}

const hex = (n: number | bigint): string => n.toString(16).padStart(64, "0");
function address(n: number): LedgerAddress { return n.toString(16).padStart(40, "0") as LedgerAddress; }
