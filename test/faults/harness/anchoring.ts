// What a coordinator does with its ledger, over a store that the test can look into: both outbox loops, the watcher, its account,
// and a worker that scores whatever is queued. Proofs are made with the trapdoor of the contracts' test keys, so that thousands cost nothing.
import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { openEndpoints } from "../../../src/chain/endpoints/open.js";
import { Bells } from "../../../src/coordinator/bells.js";
import type { ChainPort } from "../../../src/coordinator/chain-port.js";
import { runWatcher } from "../../../src/coordinator/finality/watch.js";
import { createLog } from "../../../src/coordinator/log.js";
import { runBatches } from "../../../src/coordinator/outbox/batch.js";
import { enqueueSend } from "../../../src/coordinator/outbox/queue.js";
import { runSender } from "../../../src/coordinator/outbox/sender.js";
import { claim } from "../../../src/coordinator/queue/claim.js";
import { complete } from "../../../src/coordinator/queue/complete.js";
import { enqueue } from "../../../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../../../src/coordinator/queue/limits.js";
import { requestInsertion } from "../../../src/coordinator/store/leaves.js";
import { insertWorkerChallenge, putWorker } from "../../../src/coordinator/store/workers.js";
import { journalledChain } from "../../../src/coordinator/transactions/open-chain.js";
import { runTransactions } from "../../../src/coordinator/transactions/run-transactions.js";
import { transactionSettings } from "../../../src/coordinator/transactions/settings.js";
import { fsck } from "../../../src/fsck/fsck.js";
import { jobBinding } from "../../../src/protocol/commitments.js";
import { toHex } from "../../../src/protocol/bytes.js";
import { envelopeToBytes, signingKey } from "../../../src/protocol/dsse.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { Field } from "../../../src/protocol/field.js";
import { idBytes, type JobId, type PartyKey } from "../../../src/protocol/ids.js";
import { insertDigest, ledgerAddress, signLedger } from "../../../src/protocol/ledger-digest.js";
import { certificateDigest, certificateToBytes, receiptStatement } from "../../../src/protocol/objects/receipt.js";
import { FAR, keyFrom, PROGRAM, type World } from "../../contracts/harness/world.js";
import { hexOf, insertParents, jobRow, type TestStore } from "../../coordinator/harness/database.js";
import { random, until } from "../../coordinator/harness/parties.js";
import { LogSink, trustingProofCheck } from "../../coordinator/harness/service.js";

export interface AnchoringOptions {
  readonly confirmations: number;
  readonly watchMs?: number;
  /** The world's own node unless given. */
  readonly rpcUrls?: readonly string[];
}

const OWNER = hexOf(2) as PartyKey;
const hex64 = (n: bigint): string => n.toString(16).padStart(64, "0");
let jobs = 0;

export class Anchoring {
  readonly store: TestStore;
  readonly world: World;
  readonly chain: ChainPort;
  readonly log: LogSink;
  readonly leaves: string[] = [];
  readonly jobs: string[] = [];
  readonly #stopping = new AbortController();
  readonly #device = signingKey(random(32));
  readonly #workerKey;
  #loops: Promise<unknown>[] = [];
  /** What fsck says of the parents that the harness made up. */
  #before: readonly string[] = [];

  private constructor(world: World, store: TestStore, chain: ChainPort, log: LogSink) {
    [this.world, this.store, this.chain, this.log] = [world, store, chain, log];
    this.#workerKey = keyFrom(world.rng);
  }

  static async open(world: World, store: TestStore, options: AnchoringOptions): Promise<Anchoring> {
    const { deployment, registrarKey: privateKey } = world;
    const rpcUrl = options.rpcUrls ?? world.chain.rpcUrl;
    const log = new LogSink();
    const stopping = new AbortController();
    const transactions = transactionSettings.parse({ feeBumpSeconds: 2, resendSeconds: 1, foreignSeconds: 2 });
    const opened = await journalledChain({ rpcUrl, deployment, privateKey }, (told) => openEndpoints([rpcUrl].flat(), deployment, { told }))(
      { db: store.db, log: createLog(log), transactions, stopping: stopping.signal });
    await insertParents(store.db);
    const a = new Anchoring(world, store, opened.chain, log);
    a.#before = await a.#findings();
    const parts = { db: store.db, chain: opened.chain, bells: new Bells(50), log: createLog(log), limits: { ...DEFAULT_LIMITS, retrySeconds: 0 }, blobs: undefined as never };
    const batches = { ...parts, batching: { batchSize: 16, batchAgeMs: 100, batchEarly: true }, findBadProofs: trustingProofCheck };
    const { signal } = a.#stopping;
    a.#loops = [
      runSender(parts, signal), runBatches(batches, signal), runTransactions({ ...parts, lookAfter: opened.lookAfter }, signal),
      runWatcher({ ...parts, confirmations: options.confirmations, watchMs: options.watchMs ?? 50 }, signal), a.#work(signal),
    ];
    await a.#register();
    return a;
  }

  async #register(): Promise<void> {
    const worker = { signingKey: this.#device.publicKey, ledgerAddress: ledgerAddress(this.#workerKey) };
    const certificate = { worker, evidence: { platform: "sim" as const, evidence: random(10), collateral: new Uint8Array() }, nonce: random(32), appraisedAt: 1 };
    this.#certificate = certificateToBytes(certificate);
    await insertWorkerChallenge(this.store.db, worker.signingKey, toHex(certificate.nonce));
    await putWorker(this.store.db, {
      signing_key: worker.signingKey, ledger_address: worker.ledgerAddress, nonce: toHex(certificate.nonce), certificate: this.#certificate,
      measurement: "22".repeat(48), anchor: "sim", simulated: true, not_after: BigInt(FAR),
    }, toHex(certificateDigest(certificate)));
    await until(async () => (await this.store.db.selectFrom("workers").select("state").executeTakeFirst())?.state === "registered", 90_000)
      .catch((error: unknown) => { throw new Error(`the worker was not registered: ${JSON.stringify(this.log.lines.slice(-5))}`, { cause: error }); });
  }

  #certificate: Uint8Array<ArrayBuffer> = new Uint8Array();

  async plantLeaf(): Promise<string> {
    const { world } = this;
    const leaf = world.rng.field();
    const place = { chainId: world.deployment.chainId, contract: world.deployment.datasetRegistry };
    await requestInsertion(this.store.db, hex64(leaf), OWNER, ledgerAddress(world.authorityKey), toHex(signLedger(insertDigest(place, leaf), world.authorityKey)));
    this.leaves.push(hex64(leaf));
    return hex64(leaf);
  }

  async plantModel(): Promise<void> {
    const [id, commitment] = [toHex(random(32)), hex64(this.world.rng.field())];
    await this.store.db.insertInto("models").values({ id, platform: hexOf(5), program: PROGRAM, commitment, envelope: Uint8Array.of(1) }).execute();
    await enqueueSend(this.store.db, { kind: "register_model", subject: id, commitment });
  }

  /** A job over a leaf. Its receipt is proved under the registry's root of the moment. */
  async plantJob(leaf: string): Promise<void> {
    const row = { ...jobRow(++jobs), program: PROGRAM, leaf };
    await enqueue(this.store.db, row);
    this.jobs.push(row.id);
  }

  /** Scores whatever is queued, as an honest worker does: it fails a job, to be tried again, while the ledger cannot say where its leaf is. */
  async #work(signal: AbortSignal): Promise<void> {
    const { db } = this.store;
    while (!signal.aborted) {
      const job = await claim(db, this.#device.publicKey, DEFAULT_LIMITS).catch(() => undefined);
      if (job === undefined) {
        await sleep(25);
        continue;
      }
      const lease = { job: job.id, worker: this.#device.publicKey, token: job.lease_token };
      const root = await this.#root();
      await complete(db, lease, this.#results(job.id, root));
    }
  }

  async #root(): Promise<Field> {
    for (;;) {
      try {
        return await this.world.reader.root();
      } catch (error) {
        if (!(error instanceof VeriteeError)) throw error;
        await sleep(50);
      }
    }
  }

  #results(job: string, registryRoot: Field) {
    const { world } = this;
    const signals = { registryRoot, resultCommitment: world.rng.field(), jobBinding: jobBinding(idBytes(job as JobId)), asOfDay: 19_000, sourceClass: 0 };
    const submission = world.submission(signals, { workerKey: this.#workerKey });
    const { envelope } = receiptStatement.sign({
      ...submission, verificationKeySha256: random(32), createdAt: 1, chainId: world.deployment.chainId, ledger: world.deployment.receiptLedger,
      developmentParameters: true, simulated: true, datasetProved: false,
      worker: { signingKey: this.#device.publicKey, ledgerAddress: ledgerAddress(this.#workerKey) },
    }, this.#device);
    return { receipt: envelopeToBytes(envelope), certificate: this.#certificate, sealed: [{ recipient: hexOf(5), envelope: Uint8Array.of(1) }], timings: "{}" };
  }

  deeds = () => this.store.db.selectFrom("outbox").select(["seq", "kind", "subject", "state", "final", "block_number", "block_hash", "undone"]).orderBy("seq").execute();
  logged = (event: string) => this.log.lines.filter((line) => line["event"] === event);

  async pending(): Promise<number> {
    const { rows } = await sql<{ n: number }>`select ((select count(*) from outbox where state = 'pending') + (select count(*) from jobs where state not in ('done', 'failed')))::int as n`.execute(this.store.db);
    return rows[0]?.n ?? 0;
  }

  settled = (ms: number): Promise<void> => until(async () => (await this.pending()) === 0, ms);

  /** Waits until the watcher has looked at the chain that the node shows now. */
  async looked(ms = 30_000): Promise<void> {
    await until(async () => {
      const seen = await this.store.db.selectFrom("chain_watch").select(["head_number", "head_hash"]).executeTakeFirst();
      const actual = seen === undefined ? undefined : await this.world.reader.block(Number(seen.head_number));
      const head = await this.world.reader.head();
      return seen !== undefined && actual?.hash === seen.head_hash && head.number - Number(seen.head_number) <= 1;
    }, ms);
  }

  /** Jobs that did not come to their end, and what fsck finds. */
  async faults(): Promise<readonly string[]> {
    const { db } = this.store;
    const failed = await db.selectFrom("jobs").select(["id", "state", "error_code", "error_reason"]).where("state", "<>", "done").execute();
    const leaves = await db.selectFrom("leaves").select(["leaf", "state", "reason"]).where("state", "<>", "anchored").execute();
    const found = (await this.#findings()).filter((finding) => !this.#before.includes(finding));
    return [...failed.map((job) => JSON.stringify(job)), ...leaves.map((leaf) => JSON.stringify(leaf)), ...found];
  }

  async #findings(): Promise<readonly string[]> {
    const found = await fsck({ db: this.store.db, ledger: this.chain });
    // The datasets, grants and sealed results of the harness are made up.
    return found.filter(({ check }) => !["grants", "orphans", "blobs"].includes(check)).map(({ check, kind, subject, says }) => `${check} ${kind} ${subject}: ${says}`);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }
}
