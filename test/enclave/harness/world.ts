// Everything that one job is about, made from parts: two parties, a sealed dataset, a sealed model, a grant and a job.
import { signingKey, type SigningKey } from "../../../src/protocol/dsse.js";
import { encodeChunk, packContexts, splitIntoChunks, type Chunk } from "../../../src/protocol/chunks.js";
import { aggregateCommitment, chunkCommitment, datasetRoot, leaf, modelCommitment, ownerField } from "../../../src/protocol/commitments.js";
import type { Bytes } from "../../../src/protocol/bytes.js";
import type { Field } from "../../../src/protocol/field.js";
import { deriveHpkeKeyPair, type HpkeKeyPair } from "../../../src/protocol/hpke.js";
import { idBytes, type BlobId, type DatasetManifestId, type GrantId, type JobId, type LedgerAddress, type Measurement, type ModelManifestId } from "../../../src/protocol/ids.js";
import { datasetManifest, datasetOpening, grant, jobRequest, modelManifest, modelOpening, type DatasetManifest, type Grant, type JobRequest, type ModelManifest, type Segment, type Signed } from "../../../src/protocol/objects/index.js";
import { blobId, sealSegment } from "../../../src/protocol/sealing.js";
import type { CanonicalRecord } from "../../../src/protocol/records.js";
import { aggregate } from "../../../src/programs/program.js";
import { encodeScorecard, scorecardJson } from "../../../src/programs/scorecard.js";
import { smeInvoice } from "../../../src/programs/sme-invoice/program.js";
import { seeded } from "../../contracts/harness/rng.js";

export const NOW = 1_760_000_000;
export const AS_OF_DAY = 20_000;
export const MEASUREMENT = "ab".repeat(48) as Measurement;

export interface World {
  /** Unix seconds. */
  readonly now: number;
  readonly enterprise: SigningKey;
  readonly platform: SigningKey;
  readonly stranger: SigningKey;
  readonly dataKey: Bytes;
  readonly modelKey: Bytes;
  readonly enterpriseResultKey: HpkeKeyPair;
  readonly platformResultKey: HpkeKeyPair;
  readonly blobs: Map<BlobId, Bytes>;
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
  readonly model: Signed<ModelManifest, ModelManifestId>;
  readonly grant: Signed<Grant, GrantId>;
  readonly job: Signed<JobRequest, JobId>;
}

/** Changes to the honest world, applied before signing. */
export interface Twist {
  readonly seed?: string;
  readonly now?: number;
  readonly chunk?: (chunk: Chunk) => Chunk;
  readonly dataset?: (manifest: DatasetManifest) => DatasetManifest;
  readonly model?: (manifest: ModelManifest) => ModelManifest;
  readonly scorecardJson?: string;
  readonly grant?: Partial<Grant>;
  readonly job?: Partial<JobRequest>;
}

const RECORDS = 530; // two chunks, the second nearly empty

export async function makeWorld(twist: Twist = {}): Promise<World> {
  const rng = seeded(twist.seed ?? "world");
  const now = twist.now ?? NOW;
  const [enterprise, platform, stranger] = [signingKey(rng.bytes(32)), signingKey(rng.bytes(32)), signingKey(rng.bytes(32))];
  const [dataKey, modelKey] = [rng.bytes(32).slice(), rng.bytes(32).slice()];
  const enterpriseResultKey = await deriveHpkeKeyPair(1, rng.bytes(32));
  const platformResultKey = await deriveHpkeKeyPair(1, rng.bytes(32));
  const blobs = new Map<BlobId, Bytes>();
  const store = async (sealed: Promise<Bytes>, index: number, commitment: Field | undefined): Promise<Segment> => {
    const bytes = await sealed;
    const ciphertext = blobId(bytes);
    blobs.set(ciphertext, bytes);
    return { index, ciphertext, ciphertextLength: bytes.length, commitment };
  };

  const dataset = await sealDataset({ twist, rng, enterprise, dataKey, store });
  const model = await sealModel({ twist, rng, platform, modelKey, store });
  const enclaves = { allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] } as const;
  const signedGrant = grant.sign({
    owner: enterprise.publicKey, dataset: dataset.id, programs: [smeInvoice.id], grantee: platform.publicKey, purpose: "working-capital loan",
    notBefore: now - 100, notAfter: now + 10_000, maxUses: 1, ...enclaves, nonce: rng.bytes(32), resultKey: enterpriseResultKey.publicKey, ...twist.grant,
  }, twist.grant?.owner === undefined ? enterprise : stranger);
  const job = jobRequest.sign({
    program: smeInvoice.id, platform: platform.publicKey, dataset: dataset.id, grant: signedGrant.id, model: model.id, purpose: "working-capital loan",
    nonce: rng.bytes(32), createdAt: now - 10, notAfter: now + 5_000, resultKey: platformResultKey.publicKey, releaseRule: "grade", requireProvedDataset: false, ...enclaves, ...twist.job,
  }, twist.job?.platform === undefined ? platform : stranger);
  return { now, enterprise, platform, stranger, dataKey, modelKey, enterpriseResultKey, platformResultKey, blobs, dataset, model, grant: signedGrant, job };
}

type Rng = ReturnType<typeof seeded>;
type Store = (sealed: Promise<Bytes>, index: number, commitment: Field | undefined) => Promise<Segment>;

/** Sales and purchases over three years; every amount and tag by arithmetic, so that runs agree. */
export const invoices = (count: number): CanonicalRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    day: AS_OF_DAY - ((i * 37) % 1000), direction: i % 3 === 0 ? 1 : 0, kind: 0, status: i % 29 === 0 ? 1 : 0,
    amount: 1_000_000 + ((i * 7919) % 900_000), balance: null, daysLate: 0, tag: 1 + (i % 17),
  }));

async function sealDataset(p: { twist: Twist; rng: Rng; enterprise: SigningKey; dataKey: Bytes; store: Store }): Promise<World["dataset"]> {
  const { twist, rng, enterprise, dataKey, store } = p;
  const datasetId = rng.bytes(32);
  const owner = enterprise.publicKey;
  const context = (index: number) => ({ kind: "segment", owner, subject: datasetId, version: 1, index }) as const;
  const terms = { asOfDay: AS_OF_DAY, termsAmount: 0 };
  const records = smeInvoice.canonical(invoices(RECORDS), terms);
  const header = smeInvoice.header(records, terms);
  const honest = splitIntoChunks(smeInvoice, records, () => rng.bytes(31));
  const chunks = honest.map(twist.chunk ?? ((chunk) => chunk));
  const salt = rng.bytes(31);
  const commitments = packContexts(honest, terms, header).map((context, i) => chunkCommitment(smeInvoice, honest[i] as Chunk, context));
  const opening = datasetOpening.encode({ asOfDay: AS_OF_DAY, termsAmount: 0n, aggregateSalt: salt, recordCount: RECORDS, sourceKey: 0n as Field });
  const segments = [
    await store(sealSegment(dataKey, context(0), opening), 0, undefined),
    ...await Promise.all(chunks.map((chunk, i) => store(sealSegment(dataKey, context(i + 1), encodeChunk(smeInvoice, chunk)), i + 1, commitments[i]))),
  ];
  const root = datasetRoot(smeInvoice, terms, header, commitments);
  const aggregates = aggregateCommitment(smeInvoice.aggregateElements(aggregate(smeInvoice, invoices(RECORDS), terms)), salt);
  const manifest: DatasetManifest = {
    program: smeInvoice.id, owner, datasetId, datasetVersion: 1, segments, datasetRoot: root, aggregateCommitment: aggregates,
    leaf: leaf({ programTag: smeInvoice.tag, owner: ownerField(idBytes(owner)), sourceClass: 0, sourceKey: 0n as Field, ...terms, datasetRoot: root, aggregates }),
    sourceClass: 0, createdAt: NOW - 1000, registryAuthority: "11".repeat(20) as LedgerAddress,
  };
  return datasetManifest.sign((twist.dataset ?? ((m) => m))(manifest), enterprise);
}

async function sealModel(p: { twist: Twist; rng: Rng; platform: SigningKey; modelKey: Bytes; store: Store }): Promise<World["model"]> {
  const { twist, rng, platform, modelKey, store } = p;
  const modelId = rng.bytes(32);
  const salt = rng.bytes(31);
  const card = smeInvoice.defaultModel;
  const context = { kind: "model", owner: platform.publicKey, subject: modelId, version: 0, index: 0 } as const;
  const plaintext = modelOpening.encode({ scorecardJson: twist.scorecardJson ?? scorecardJson(card), salt });
  const manifest: ModelManifest = {
    program: smeInvoice.id, platform: platform.publicKey, modelCommitment: modelCommitment(smeInvoice.tag, encodeScorecard(card), salt),
    sealedModel: await store(sealSegment(modelKey, context, plaintext), 0, undefined), modelId, createdAt: NOW - 500,
  };
  const twisted = (twist.model ?? ((m) => m))(manifest);
  return modelManifest.sign(twisted, twisted.platform === platform.publicKey ? platform : signingKey(seeded("another platform").bytes(32)));
}
