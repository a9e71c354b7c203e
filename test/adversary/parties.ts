// The honest parties of the play, off chain: two enterprises with sealed datasets, a platform with models and jobs, a bank.
import type { Bytes } from "../../src/protocol/bytes.js";
import { jobBinding, ownerField } from "../../src/protocol/commitments.js";
import type { Field } from "../../src/protocol/field.js";
import { idBytes, type DatasetManifestId, type JobId, type Measurement } from "../../src/protocol/ids.js";
import { ledgerAddress, sourceKeyOf } from "../../src/protocol/ledger-digest.js";
import { modelOpening, type DatasetManifest, type JobRequest, type Signed } from "../../src/protocol/objects/index.js";
import { openSegment } from "../../src/protocol/sealing.js";
import type { CanonicalRecord } from "../../src/protocol/records.js";
import { openDataset } from "../../src/enterprise/dataset/open.js";
import { prepareDataset, type DatasetInput } from "../../src/enterprise/dataset/prepare.js";
import { createGrant } from "../../src/enterprise/grant.js";
import { enterpriseFromSeed, type Enterprise } from "../../src/enterprise/identity.js";
import { platformFromSeed } from "../../src/platform/identity.js";
import { createJob } from "../../src/platform/job.js";
import { openModel, prepareModel, type OwnModel, type SealedModel } from "../../src/platform/model.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import type { OpenedDataset } from "../../src/programs/open-dataset.js";
import type { ScoreParts } from "../../src/programs/score-input.js";
import type { Scorecard } from "../../src/programs/scorecard.js";
import { keyFrom } from "../contracts/harness/world.js";
import { seeded } from "../contracts/harness/rng.js";
import { AS_OF_DAY, invoices } from "../harness/records.js";

export const MEASUREMENT = "ab".repeat(48) as Measurement;
export const program = smeInvoice;
const POLICY = { allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] } as const;
const PURPOSE = "credit decision";

export type Job = Signed<JobRequest, JobId>;
/** What of a score is the dataset's. */
export type DatasetParts = Pick<ScoreParts, "terms" | "aggregates" | "aggregateSalt" | "owner" | "sourceClass" | "sourceKey" | "datasetRoot">;
export interface Sealed {
  readonly owner: Enterprise;
  readonly manifest: Signed<DatasetManifest, DatasetManifestId>;
  readonly opened: OpenedDataset;
  readonly parts: DatasetParts;
}
export interface Model {
  readonly card: Scorecard;
  readonly salt: Bytes;
  readonly commitment: Field;
  readonly own: OwnModel;
}
export const binding = (job: Job): Field => jobBinding(idBytes(job.id));

export type Parties = Awaited<ReturnType<typeof makeParties>>;

export async function makeParties(seed: string) {
  const rng = seeded(`${seed}: parties`);
  const ports = { random: (n: number): Bytes => rng.bytes(n), clock: (): number => Math.floor(Date.now() / 1000) };
  const [victim, other] = [enterpriseFromSeed(rng.bytes(32)), enterpriseFromSeed(rng.bytes(32))];
  const platform = platformFromSeed(rng.bytes(32));
  const [bankKey, retiredBankKey] = [keyFrom(rng), keyFrom(rng)];

  const seal = async (owner: Enterprise, records: readonly CanonicalRecord[], change: Partial<DatasetInput> = {}): Promise<Sealed> => {
    const input: DatasetInput = { program, records, terms: { asOfDay: AS_OF_DAY, termsAmount: 0 }, ...change };
    const prepared = await prepareDataset(owner, input, ports);
    const opened = await openDataset(program, prepared.manifest.value, prepared.dataKey, async (i) => prepared.ciphertexts[i] as Bytes);
    return { owner, manifest: prepared.manifest, opened, parts: partsOf(prepared.manifest.value, opened) };
  };
  const sales = invoices(60, `${seed}: firm`).map((r) => ({ ...r, direction: 0 }));
  const asked = await seal(victim, sales);
  const bank = { sourceClass: 1, sourceKey: sourceKeyOf(ledgerAddress(bankKey)) };
  const datasets = {
    /** the one that the jobs are about; one chunk */
    asked,
    /** a later version of it with better records */
    later: await seal(victim, sales.map((r) => ({ ...r, amount: Math.abs(r.amount) * 40 })), { version: { datasetId: asked.manifest.value.datasetId, number: 2 } }),
    /** the same records under terms of another day */
    otherDay: await seal(victim, sales, { terms: { asOfDay: AS_OF_DAY - 31, termsAmount: 0 } }),
    stranger: await seal(other, invoices(50, `${seed}: stranger`).map((r) => ({ ...r, amount: Math.abs(r.amount) * 90 }))),
    /** withdrawn by its owner */
    withdrawn: await seal(victim, invoices(40, `${seed}: withdrawn`)),
    /** endorsed by the bank, of two chunks, not yet registered as proved */
    endorsed: await seal(victim, invoices(90, `${seed}: endorsed`), { source: bank }),
  };

  const sealed: SealedModel[] = [];
  const model = async (card: Scorecard): Promise<Model> => {
    const made = await prepareModel(platform, program, card, ports);
    sealed.push(made);
    const context = { kind: "model", owner: platform.signing.publicKey, subject: made.manifest.value.modelId, version: 0, index: 0 } as const;
    const { salt } = modelOpening.decode(await openSegment(made.modelKey, context, made.ciphertext));
    const own = await openModel(platform, program, made.manifest.value, made.modelKey, made.ciphertext);
    return { card, salt, commitment: own.commitment, own };
  };
  const ownModel = await model(program.defaultModel);
  const lenient = await model({ ...program.defaultModel, name: "lenient", grades: program.defaultModel.grades.map((g, i) => ({ ...g, minScore: g.minScore - (i < 3 ? 200 : 0) })) });

  const grant = await createGrant(victim, { dataset: asked.manifest, grantee: platform.signing.publicKey, purpose: PURPOSE, maxUses: 3, resultSuite: 1, ...POLICY }, ports);
  const newJob = (requireProvedDataset = false): Promise<Job> =>
    createJob(platform, { grant, model: (sealed[0] as SealedModel).manifest, ...POLICY, resultSuite: 1, requireProvedDataset }, ports);
  const jobs = {
    /** has its receipt on the ledger */
    done: await newJob(),
    /** open, and what most lies are about */
    open: await newJob(),
    /** open too, wants a proved dataset */
    demanding: await newJob(true),
  };
  return { ports, victim, other, platform, bankKey, retiredBankKey, bank, datasets, model: ownModel, lenient, grant, jobs };
}

function partsOf(manifest: DatasetManifest, { opening, terms, aggregates }: OpenedDataset): DatasetParts {
  return {
    terms, aggregates, aggregateSalt: opening.aggregateSalt, owner: ownerField(idBytes(manifest.owner)),
    sourceClass: manifest.sourceClass, sourceKey: opening.sourceKey, datasetRoot: manifest.datasetRoot,
  };
}
