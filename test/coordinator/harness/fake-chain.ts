import { VeriteeError } from "../../../src/protocol/errors.js";
import type { Field } from "../../../src/protocol/field.js";
import type { LedgerAddress } from "../../../src/protocol/ids.js";
import type { ReceiptStatement } from "../../../src/protocol/objects/index.js";
import type { ChainPort, LeafStatus, Mined, ProvedLeaf, WorkerEntry } from "../../../src/coordinator/chain-port.js";

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

  insertLeaf = (leaf: Field, authority: LedgerAddress): Promise<Mined> =>
    this.#send(`leaf ${leaf}`, () => this.#leaves.set(leaf, { state: "registered", authority }));
  revokeLeaf = (leaf: Field): Promise<Mined> => this.#send(`revoke ${leaf}`, () => this.#leaves.set(leaf, { state: "revoked", authority: undefined }));
  sendProvedLeaf = ({ proof, authority }: ProvedLeaf): Promise<Mined> =>
    this.#send(`proved ${proof.leaf}`, () => this.#proved.set(proof.leaf, { state: "registered", authority }));
  revokeProvedLeaf = (leaf: Field): Promise<Mined> =>
    this.#send(`revoke proved ${leaf}`, () => this.#proved.set(leaf, { state: "revoked", authority: undefined }));
  registerModel = (model: Field): Promise<Mined> => this.#send(`model ${model}`, () => this.#models.add(model));
  registerWorker = (worker: WorkerEntry): Promise<Mined> => this.#send(`worker ${worker.account}`, () => this.#workers.set(worker.account, worker));

  submitReceipts = async (statements: readonly ReceiptStatement[]): Promise<Mined> => {
    const jobs = statements.map((s) => s.jobBinding);
    if (new Set(statements.map((s) => s.program)).size !== 1) throw new VeriteeError("input_invalid", "a batch is of one program");
    this.#judge(jobs);
    return this.#send(jobs.map((job) => `receipt ${job}`), (mined) => {
      for (const { jobBinding, resultCommitment } of statements) this.receipts.set(jobBinding, { resultCommitment, mined });
      this.batches.push(jobs);
    });
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

  async #send(what: string | readonly string[], effect: (mined: Mined) => unknown): Promise<Mined> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const fault = this.faults.shift();
    if (fault === "unavailable") throw new VeriteeError("chain_unavailable", "no answer");
    if (fault === "root_unknown") throw new VeriteeError("root_unknown", "the ledger refused", { reason: "RootUnknown" });
    if (fault === "refused") throw new VeriteeError("chain_refused", "the ledger refused", { reason: "ProofInvalid" });
    this.sends.push(...[what].flat());
    const mined = { txHash: hex(this.sends.length), blockNumber: this.sends.length, blockHash: hex(this.sends.length), blockTime: 1, gasUsed: 21000 };
    effect(mined);
    if (fault === "lost_answer") throw new VeriteeError("chain_unavailable", "the answer was lost");
    return mined;
  }
}

const hex = (n: number): string => n.toString(16).padStart(64, "0");
function address(n: number): LedgerAddress { return n.toString(16).padStart(40, "0") as LedgerAddress; }
