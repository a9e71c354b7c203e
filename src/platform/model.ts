import type { Clock, Random } from "../broker/ports.js";
import type { Bytes } from "../protocol/bytes.js";
import { modelCommitment } from "../protocol/commitments.js";
import { ensure } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import type { ModelManifestId } from "../protocol/ids.js";
import { modelManifest, modelOpening, type ModelManifest, type ModelOpening, type Signed } from "../protocol/objects/index.js";
import { blobId, DATA_KEY_BYTES, openSegment, sealSegment } from "../protocol/sealing.js";
import { parseScorecardJson } from "../programs/parse-scorecard.js";
import type { Program } from "../programs/program.js";
import { encodeScorecard, scorecardJson, type Scorecard } from "../programs/scorecard.js";
import type { PlatformApi } from "../transport/api.js";
import type { Platform } from "./identity.js";

/** A model ready to be published. The coordinator sees its commitment and its ciphertext. */
export interface SealedModel {
  readonly manifest: Signed<ModelManifest, ModelManifestId>;
  readonly ciphertext: Bytes;
  readonly modelKey: Bytes;
}

/** A platform's model and what ties it to M. */
export interface OwnModel {
  readonly scorecard: Scorecard;
  readonly commitment: Field;
}

/** Commits to a scorecard and seals it. Only what the score depends on is sealed; parse it first with src/programs. */
export async function prepareModel(platform: Platform, program: Program, scorecard: Scorecard, { random, clock }: { random: Random; clock: Clock }): Promise<SealedModel> {
  const salt = random(31);
  const modelId = random(32);
  const modelKey = random(DATA_KEY_BYTES);
  const plaintext = modelOpening.encode({ scorecardJson: scorecardJson(scorecard), salt });
  const ciphertext = await sealSegment(modelKey, context(platform, modelId), plaintext);
  plaintext.fill(0);
  const manifest = modelManifest.sign({
    program: program.id,
    platform: platform.signing.publicKey,
    modelCommitment: modelCommitment(program.tag, encodeScorecard(scorecard), salt),
    sealedModel: { index: 0, ciphertext: blobId(ciphertext), ciphertextLength: ciphertext.length, commitment: undefined },
    modelId,
    createdAt: clock(),
  }, platform.signing);
  return { manifest, ciphertext, modelKey };
}

/** May be repeated. The coordinator relays the commitment to the ledger, which fixes the model in time. */
export async function publishModel({ manifest, ciphertext }: SealedModel, api: PlatformApi): Promise<void> {
  const stored = await api.putBlob(ciphertext);
  ensure(stored === manifest.value.sealedModel.ciphertext, "commitment_mismatch", "the coordinator names the ciphertext otherwise");
  await api.putModelManifest(manifest.envelope);
}

/** Opens one's own model and checks it against its manifest. @throws open_failed, commitment_mismatch, model_invalid */
export async function openModel(platform: Platform, program: Program, manifest: ModelManifest, modelKey: Bytes, ciphertext: Bytes): Promise<OwnModel> {
  ensure(manifest.program === program.id, "manifest_mismatch", "the model is for another program", { expected: program.id, found: manifest.program });
  const opening: ModelOpening = modelOpening.decode(await openSegment(modelKey, context(platform, manifest.modelId), ciphertext));
  const scorecard = parseScorecardJson(program, opening.scorecardJson);
  const commitment = modelCommitment(program.tag, encodeScorecard(scorecard), opening.salt);
  ensure(commitment === manifest.modelCommitment, "commitment_mismatch", "the model is not the committed one", { field: "modelCommitment" });
  return { scorecard, commitment };
}

/** A model has one segment and one version: a changed model is another model. */
const context = (platform: Platform, modelId: Bytes) =>
  ({ kind: "model", owner: platform.signing.publicKey, subject: modelId, version: 0, index: 0 }) as const;
