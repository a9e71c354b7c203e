import { claim } from "../../../src/coordinator/queue/claim.js";
import { complete } from "../../../src/coordinator/queue/complete.js";
import { enqueue } from "../../../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../../../src/coordinator/queue/limits.js";
import type { LeaseClaim } from "../../../src/coordinator/queue/report.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { envelopeToBytes, signingKey } from "../../../src/protocol/dsse.js";
import type { LedgerAddress } from "../../../src/protocol/ids.js";
import { certificateToBytes, receiptStatement, type ReceiptStatement } from "../../../src/protocol/objects/receipt.js";
import type { DeploymentView } from "../../../src/transport/api.js";
import { hexOf, jobRow } from "./database.js";
import { random, randomField } from "./parties.js";

export interface Finished { readonly job: string; readonly statement: ReceiptStatement }

const DEVICE = signingKey(random(32));
const WORKER = hexOf(90);
let jobs = 0;

/** Jobs and receipts straight in the store, without HTTP: insertParents first. */
export class ReceiptMaker {
  readonly #db: Db;
  readonly #deployment: Pick<DeploymentView, "chainId" | "receiptLedger">;

  constructor(db: Db, deployment: Pick<DeploymentView, "chainId" | "receiptLedger">) {
    this.#db = db;
    this.#deployment = deployment;
  }

  async queueJob(program = "p/1"): Promise<void> {
    await enqueue(this.#db, { ...jobRow(++jobs), program });
  }

  /** A job that a worker has leased. */
  async startJob(program?: string): Promise<LeaseClaim> {
    await this.queueJob(program);
    const leased = await claim(this.#db, WORKER, DEFAULT_LIMITS);
    if (leased === undefined) throw new Error("no job");
    return { job: leased.id, worker: WORKER, token: leased.lease_token };
  }

  /** Its worker hands in a receipt, whose proof is noise unless given. */
  async finish(lease: LeaseClaim, change: Partial<ReceiptStatement> = {}): Promise<Finished> {
    const worker = { signingKey: DEVICE.publicKey, ledgerAddress: "0a".repeat(20) as LedgerAddress };
    const points = (n: number) => Array.from({ length: n }, () => random(32));
    const { value, envelope } = receiptStatement.sign({
      program: "p/1", registryRoot: randomField(), resultCommitment: randomField(), jobBinding: randomField(), asOfDay: 19_000, sourceClass: 0,
      proof: { a: points(2), b: points(4), c: points(2) }, verificationKeySha256: random(32), ledgerSignature: random(65),
      createdAt: 1, chainId: this.#deployment.chainId, ledger: this.#deployment.receiptLedger,
      developmentParameters: true, simulated: true, datasetProved: false, ...change, worker,
    }, DEVICE);
    const evidence = { platform: "sim" as const, evidence: random(10), collateral: new Uint8Array() };
    const certificate = certificateToBytes({ worker, evidence, nonce: random(32), appraisedAt: 1 });
    await complete(this.#db, lease, { receipt: envelopeToBytes(envelope), certificate, sealed: [], timings: "{}" });
    return { job: lease.job, statement: value };
  }

  async finishJobs(count: number, program = "p/1"): Promise<Finished[]> {
    const finished: Finished[] = [];
    for (let i = 0; i < count; i++) finished.push(await this.finish(await this.startJob(program), { program }));
    return finished;
  }
}
