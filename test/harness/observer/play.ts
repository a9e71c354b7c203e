// Owners, platforms and workers that put receipts on a ledger: all that a worker does for one, but the proof. That is made with
// the key's trapdoor (Groth16's own simulator): its distribution is exactly that of real proofs, at a hundredth of the time.
import type { Submission } from "../../../src/chain/ports.js";
import { byBinding } from "../../../src/coordinator/outbox/batch.js";
import { generateFolder } from "../../../src/programs/generator/generate.js";
import { openDataFolder, readDatasets } from "../../../src/programs/import/data-folder.js";
import { memorySource } from "../../../src/programs/import/source.js";
import { aggregate, type Aggregates, type Program } from "../../../src/programs/program.js";
import { buildScoreInput, type MerklePath, type ScoreInput } from "../../../src/programs/score-input.js";
import { encodeScorecard, type Scorecard } from "../../../src/programs/scorecard.js";
import type { Terms } from "../../../src/programs/terms.js";
import { toHex, type Bytes } from "../../../src/protocol/bytes.js";
import { aggregateCommitment, jobBinding, leaf as leafOf, modelCommitment, ownerField } from "../../../src/protocol/commitments.js";
import { signingKey, type SigningKey } from "../../../src/protocol/dsse.js";
import { field, type Field } from "../../../src/protocol/field.js";
import { idBytes, type LedgerAddress } from "../../../src/protocol/ids.js";
import { ledgerAddress, type LedgerSignals } from "../../../src/protocol/ledger-digest.js";
import { jobRequest, type JobRequest } from "../../../src/protocol/objects/index.js";
import { FAR, keyFrom, PROGRAM, type World } from "../../contracts/harness/world.js";
import { shuffle } from "./links.js";

export interface Dataset {
  readonly id: string;
  readonly owner: SigningKey;
  readonly program: Program;
  readonly terms: Terms;
  readonly aggregates: Aggregates;
  readonly aggregateSalt: Bytes;
  readonly commitment: Field;
  readonly sourceClass: number;
  readonly sourceKey: Field;
  readonly datasetRoot: Field;
  readonly leaf: Field;
  readonly authority: Bytes;
}
export interface Model {
  readonly id: string;
  readonly platform: SigningKey;
  readonly program: Program;
  readonly card: Scorecard;
  readonly salt: Bytes;
  readonly commitment: Field;
}
/** What is behind a receipt. */
export interface Truth {
  readonly dataset: Dataset;
  readonly model: Model;
  readonly job: JobRequest;
  readonly jobId: string;
  readonly gradeSalt: Bytes;
  readonly detailSalt: Bytes;
  readonly scored: ScoreInput;
}

/** What workers and coordinators do that could link receipts. Negative controls change one of them. */
export interface Habits {
  salt(): Bytes;
  nonce(): Bytes;
  path(leaf: Field): Promise<MerklePath>;
  publish(signals: LedgerSignals, truth: Truth): LedgerSignals;
  order(batch: readonly Submission[]): readonly Submission[];
}

const BATCH = 16;
const OWNERS = 6;
const PLATFORMS = 3;
/** Days to which owners round: the sme window ends with a month anyway. */
const BUCKETS = 2;

export class Play {
  readonly datasets: Dataset[] = [];
  readonly models: Model[] = [];
  readonly workers: Bytes[];
  readonly truths = new Map<bigint, Truth>();
  readonly #w: World;
  readonly #programs: readonly Program[];
  readonly #owners: readonly SigningKey[];

  private constructor(w: World, programs: readonly Program[]) {
    this.#w = w;
    this.#programs = programs;
    this.workers = [w.workerKey, keyFrom(w.rng)];
    this.#owners = Array.from({ length: OWNERS }, () => signingKey(w.rng.bytes(32)));
  }

  static async open(w: World, programs: readonly Program[]): Promise<Play> {
    const play = new Play(w, programs);
    for (const { id } of programs.filter((p) => p.id !== PROGRAM)) {
      await w.sender.registerProgram({ program: id, key: w.key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });
    }
    for (const worker of play.workers.slice(1)) await w.sender.registerWorker(ledgerAddress(worker), w.rng.bytes(32), FAR, "sim");
    for (let p = 0; p < PLATFORMS; p++) await play.#addPlatform(p);
    return play;
  }

  async #addPlatform(index: number): Promise<void> {
    const platform = signingKey(this.#w.rng.bytes(32));
    for (const program of this.#programs) {
      const card = { ...program.defaultModel, base: program.defaultModel.base + index };
      const salt = this.#w.rng.bytes(31);
      const commitment = modelCommitment(program.tag, encodeScorecard(card), salt);
      await this.#w.sender.registerModel(commitment);
      this.models.push({ id: toHex(this.#w.rng.bytes(32)), platform, program, card, salt, commitment });
    }
  }

  /** Registers that many datasets of each program, under an account of its own each, as an enterprise does. */
  async addDatasets(each: number): Promise<void> {
    for (const program of this.#programs) {
      const seed = `unlinkability ${this.datasets.length}`;
      const folder = await openDataFolder(memorySource(generateFolder(program, { seed, applicants: each })), { program });
      for (const { records, terms } of await readDatasets(folder, "all")) {
        const { rng } = this.#w;
        const owner = this.#owners[this.datasets.length % OWNERS] as SigningKey;
        const asOfDay = 20_000 + 31 * (this.datasets.length % BUCKETS);
        const placed = { ...terms, asOfDay };
        const aggregates = aggregate(program, records, placed);
        const [aggregateSalt, datasetRoot] = [rng.bytes(31), rng.field()];
        const [sourceClass, sourceKey] = [0, field(0n)]; // no other class counts in the registry that asks for no proof
        const commitment = aggregateCommitment(program.aggregateElements(aggregates), aggregateSalt);
        const leaf = leafOf({ programTag: program.tag, owner: ownerField(idBytes(owner.publicKey)), sourceClass, sourceKey, ...placed, datasetRoot, aggregates: commitment });
        const authority = keyFrom(rng);
        await this.#w.insert(leaf, authority);
        this.datasets.push({ id: toHex(rng.bytes(32)), owner, program, terms: placed, aggregates, aggregateSalt, commitment, sourceClass, sourceKey, datasetRoot, leaf, authority });
      }
    }
  }

  readonly honest: Habits = {
    salt: () => this.#w.rng.bytes(31),
    nonce: () => this.#w.rng.bytes(32),
    path: (leaf) => this.#w.mirror.proof(leaf),
    publish: (signals) => signals,
    order: (batch) => [...batch].sort(byBinding),
  };

  random = (): number => Buffer.from(this.#w.rng.bytes(4)).readUInt32BE() / 2 ** 32;
  #pick = <T>(values: readonly T[]): T => values[Math.floor(this.random() * values.length)] as T;

  /** Puts receipts of random datasets for random platforms on the ledger, in batches. */
  async receipts(count: number, change: Partial<Habits> = {}, among: readonly Dataset[] = this.datasets): Promise<void> {
    const habits = { ...this.honest, ...change };
    const waiting: Submission[] = [];
    for (let i = 0; i < count; i++) waiting.push(await this.#receipt(habits, this.#pick(among)));
    for (const { id } of this.#programs) {
      const own = shuffle(waiting.filter((s) => s.program === id), this.random);
      for (let at = 0; at < own.length; at += BATCH) await this.#w.sender.submitReceipts(habits.order(own.slice(at, at + BATCH)));
    }
  }

  async #receipt(habits: Habits, dataset: Dataset): Promise<Submission> {
    const model = this.#pick(this.models.filter((m) => m.program === dataset.program));
    const job = this.jobOf(dataset, model, habits.nonce());
    const [gradeSalt, detailSalt] = [habits.salt(), habits.salt()];
    const scored = buildScoreInput({
      program: dataset.program, job: jobBinding(idBytes(job.id)), terms: dataset.terms, aggregates: dataset.aggregates, aggregateSalt: dataset.aggregateSalt,
      owner: ownerField(idBytes(dataset.owner.publicKey)), sourceClass: dataset.sourceClass, sourceKey: dataset.sourceKey, datasetRoot: dataset.datasetRoot,
      path: await habits.path(dataset.leaf), model: model.card, modelSalt: model.salt, gradeSalt, detailSalt,
    });
    const truth: Truth = { dataset, model, job: job.value, jobId: job.id, gradeSalt, detailSalt, scored };
    const { R, K, J, asOfDay, sourceClass } = scored.publicSignals;
    const signals = habits.publish({ registryRoot: R, resultCommitment: K, jobBinding: J, asOfDay, sourceClass }, truth);
    this.truths.set(signals.jobBinding, truth);
    return this.#w.submission(signals, { program: dataset.program.id, workerKey: this.#pick(this.workers) });
  }

  /** The job that a platform signs, with this nonce. All else of it is known to whoever knows both parties. */
  jobOf(dataset: Dataset, model: Model, nonce: Bytes) {
    const id = (text: string) => text as never;
    return jobRequest.sign({
      program: dataset.program.id, platform: model.platform.publicKey, dataset: id(dataset.id), grant: id(dataset.id), model: id(model.id),
      purpose: "credit decision", nonce, createdAt: 1_700_000_000, notAfter: 1_700_003_600, resultKey: { suite: 1, publicKey: new Uint8Array(32).fill(7) },
      allowedMeasurements: [id("22".repeat(48))], allowedAnchors: ["sim"], releaseRule: "grade", requireProvedDataset: false,
    }, model.platform);
  }

  /** Every private value by name, in hex: none of it may occur in a receipt. */
  secrets(): Map<string, string> {
    const hex = (v: bigint): string => v.toString(16).padStart(64, "0");
    const account = (key: Bytes): LedgerAddress => ledgerAddress(key);
    return new Map<string, string>([
      ...this.datasets.flatMap((d, i) => Object.entries({
        leaf: hex(d.leaf), root: hex(d.datasetRoot), aggregates: hex(d.commitment), salt: toHex(d.aggregateSalt), id: d.id,
        owner: d.owner.publicKey as string, ownerField: hex(ownerField(idBytes(d.owner.publicKey))), authority: account(d.authority),
        ...(d.sourceClass === 0 ? {} : { source: hex(d.sourceKey) }),
      }).map(([name, value]) => [`dataset ${i} ${name}`, value] as const)),
      ...this.models.flatMap((m, i) => Object.entries({ commitment: hex(m.commitment), salt: toHex(m.salt), id: m.id, platform: m.platform.publicKey as string })
        .map(([name, value]) => [`model ${i} ${name}`, value] as const)),
      ...[...this.truths.values()].flatMap((t, i) => Object.entries({
        jobId: t.jobId, nonce: toHex(t.job.nonce), gradeSalt: toHex(t.gradeSalt), detailSalt: toHex(t.detailSalt),
        gradePart: hex(t.scored.opened.gradePart), detailPart: hex(t.scored.opened.detailPart), points: hex(t.scored.opened.points).slice(32),
      }).map(([name, value]) => [`job ${i} ${name}`, value] as const)),
    ]);
  }
}
