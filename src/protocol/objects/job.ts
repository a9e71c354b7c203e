import type { Bytes } from "../bytes.js";
import { ensure } from "../errors.js";
import { fieldToBytes, type Field } from "../field.js";
import { idBytes, idFromBytes, type DatasetManifestId, type GrantId, type JobId, type ModelManifestId, type PartyKey } from "../ids.js";
import { JobRequestSchema, ModelManifestSchema, ModelOpeningSchema } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readEnclavePolicy, readHpkeKey, readSegment, writeEnclavePolicy, writeSegment, type EnclavePolicy, type HpkeKey, type Segment } from "./parts.js";
import { count, element, fixed, required, text } from "./read.js";

export interface ModelManifest {
  readonly program: string;
  readonly platform: PartyKey;
  readonly modelCommitment: Field;
  readonly sealedModel: Segment;
  readonly modelId: Bytes;
  readonly createdAt: number;
}

export const modelManifest = defineObject<ModelManifest, ModelManifestId, typeof ModelManifestSchema>({
  name: "model-manifest",
  schema: ModelManifestSchema,
  signer: (v) => v.platform,
  parse: (m) => {
    ensure(m.aeadSuite === 1, "unsupported", "unknown AEAD suite", { suite: m.aeadSuite });
    return {
      program: text("program", m.program, 64),
      platform: idFromBytes(m.platform, 32, "platform"),
      modelCommitment: element("model_commitment", m.modelCommitment),
      sealedModel: readSegment(required("sealed_model", m.sealedModel)),
      modelId: fixed("model_id", m.modelId, 32),
      createdAt: count("created_at", m.createdAt),
    };
  },
  build: (v) => ({
    program: v.program,
    platform: idBytes(v.platform),
    modelCommitment: fieldToBytes(v.modelCommitment),
    aeadSuite: 1,
    sealedModel: writeSegment(v.sealedModel),
    modelId: v.modelId,
    createdAt: BigInt(v.createdAt),
  }),
});

/** Plaintext of a sealed model. Only encode and decode are used. */
export interface ModelOpening {
  readonly scorecardJson: string;
  readonly salt: Bytes;
}

export const modelOpening = defineObject<ModelOpening, ModelManifestId, typeof ModelOpeningSchema>({
  name: "model-opening",
  schema: ModelOpeningSchema,
  parse: (m) => ({ scorecardJson: text("scorecard_json", m.scorecardJson, 256 * 1024), salt: fixed("salt", m.salt, 31) }),
  build: (v) => ({ ...v }),
});

/** What the enterprise is shown of a result: its grade and reason codes, or the score and points as well. */
export type ReleaseRule = "grade" | "full";

export interface JobRequest extends EnclavePolicy {
  readonly program: string;
  readonly platform: PartyKey;
  readonly dataset: DatasetManifestId;
  readonly grant: GrantId;
  readonly model: ModelManifestId;
  readonly purpose: string;
  readonly nonce: Bytes;
  readonly createdAt: number;
  /** Unix seconds, exclusive: no key is released and no lease is given from then on. */
  readonly notAfter: number;
  readonly resultKey: HpkeKey;
  readonly releaseRule: ReleaseRule;
  /** Only a dataset whose aggregates are proved will do. */
  readonly requireProvedDataset: boolean;
}

export const jobRequest = defineObject<JobRequest, JobId, typeof JobRequestSchema>({
  name: "job-request",
  schema: JobRequestSchema,
  signer: (v) => v.platform,
  parse: (m) => {
    ensure(m.releaseRule === 1 || m.releaseRule === 2, "input_invalid", "unknown release rule", { field: "release_rule", value: m.releaseRule });
    const createdAt = count("created_at", m.createdAt);
    const notAfter = count("not_after", m.notAfter);
    ensure(createdAt < notAfter, "input_invalid", "a job ends after it begins", { createdAt, notAfter });
    return {
      program: text("program", m.program, 64),
      platform: idFromBytes(m.platform, 32, "platform"),
      dataset: idFromBytes(m.datasetManifestId, 32, "dataset_manifest_id"),
      grant: idFromBytes(m.grantId, 32, "grant_id"),
      model: idFromBytes(m.modelManifestId, 32, "model_manifest_id"),
      purpose: text("purpose", m.purpose),
      nonce: fixed("nonce", m.nonce, 32),
      createdAt,
      notAfter,
      resultKey: readHpkeKey("result_key", m.resultKey),
      ...readEnclavePolicy(m),
      releaseRule: m.releaseRule === 1 ? "grade" : "full",
      requireProvedDataset: m.requireProvedDataset,
    };
  },
  build: (v) => ({
    program: v.program,
    platform: idBytes(v.platform),
    datasetManifestId: idBytes(v.dataset),
    grantId: idBytes(v.grant),
    modelManifestId: idBytes(v.model),
    purpose: v.purpose,
    nonce: v.nonce,
    createdAt: BigInt(v.createdAt),
    notAfter: BigInt(v.notAfter),
    resultKey: { ...v.resultKey },
    ...writeEnclavePolicy(v),
    releaseRule: v.releaseRule === "grade" ? 1 : 2,
    requireProvedDataset: v.requireProvedDataset,
  }),
});
