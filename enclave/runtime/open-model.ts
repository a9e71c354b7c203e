import type { Bytes } from "../../src/protocol/bytes.js";
import { modelCommitment } from "../../src/protocol/commitments.js";
import { ensure } from "../../src/protocol/errors.js";
import { modelOpening, type ModelManifest } from "../../src/protocol/objects/index.js";
import { openSegment } from "../../src/protocol/sealing.js";
import { parseScorecardJson } from "../../src/programs/parse-scorecard.js";
import type { Program } from "../../src/programs/program.js";
import { encodeScorecard, type Scorecard } from "../../src/programs/scorecard.js";
import type { Session } from "./session.js";

export interface OpenedModel {
  readonly scorecard: Scorecard;
  /** 31 bytes */
  readonly salt: Bytes;
}

/** @throws open_failed, model_invalid, commitment_mismatch */
export async function openModel(
  { secrets, guard }: Session, program: Program, manifest: ModelManifest, modelKey: Bytes, ciphertext: Bytes,
): Promise<OpenedModel> {
  const context = { kind: "model", owner: manifest.platform, subject: manifest.modelId, version: 0, index: 0 } as const;
  const plaintext = secrets.keep(await openSegment(modelKey, context, ciphertext));
  const { scorecardJson, salt } = modelOpening.decode(plaintext);
  secrets.wipe(plaintext);
  secrets.keep(salt);
  const scorecard = parseScorecardJson(program, scorecardJson);
  ensure(modelCommitment(program.tag, encodeScorecard(scorecard), salt) === manifest.modelCommitment,
    "commitment_mismatch", "the model is not the committed one");
  await guard.checkpoint();
  return { scorecard, salt };
}
