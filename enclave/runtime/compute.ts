import type { Bytes } from "../../src/protocol/bytes.js";
import { jobBinding, ownerField } from "../../src/protocol/commitments.js";
import { ensure } from "../../src/protocol/errors.js";
import { idBytes } from "../../src/protocol/ids.js";
import type { LeafPath } from "../../src/transport/api.js";
import type { Program } from "../../src/programs/program.js";
import { buildScoreInput, type ScoreInput } from "../../src/programs/score-input.js";
import type { CheckedJob } from "./check-job.js";
import type { OpenedDataset } from "../../src/programs/open-dataset.js";
import type { OpenedModel } from "./open-model.js";
import type { Session } from "./session.js";

/** A result in the clear, committed to under salts of its own, with what the circuit needs to prove it. */
export interface Computed extends ScoreInput {
  readonly gradeSalt: Bytes;
  readonly detailSalt: Bytes;
  /** The leaf is in the registry of proved datasets. */
  readonly datasetProved: boolean;
}

const SALT_BYTES = 31;

/**
 * Scores one dataset under one model and commits to the result (docs/protocol.md 4, 6). Salts are fresh for every job, so
 * that two receipts of one result cannot be linked. The coordinator's path counts only if it leads from this very leaf.
 * @throws leaf_unknown, dataset_unproved, commitment_mismatch, model_invalid, terms_invalid
 */
export async function compute(
  { ports, guard, secrets }: Session, program: Program, { job, dataset: { value: manifest }, model: { value: modelManifest } }: CheckedJob,
  dataset: OpenedDataset, model: OpenedModel,
): Promise<Computed> {
  const path: LeafPath = await ports.api.merkleProof(manifest.leaf);
  // The coordinator's word: what makes it true is that the ledger knows the root in one registry or the other.
  ensure(path.proved || !job.value.requireProvedDataset, "dataset_unproved", "the job wants a proved dataset");
  const gradeSalt = secrets.keep(ports.random(SALT_BYTES));
  const detailSalt = secrets.keep(ports.random(SALT_BYTES));
  const built = buildScoreInput({
    program,
    job: jobBinding(idBytes(job.id)),
    terms: dataset.terms,
    aggregates: dataset.aggregates,
    aggregateSalt: dataset.opening.aggregateSalt,
    owner: ownerField(idBytes(manifest.owner)),
    sourceClass: manifest.sourceClass,
    sourceKey: dataset.opening.sourceKey,
    datasetRoot: manifest.datasetRoot,
    path,
    model: model.scorecard,
    modelSalt: model.salt,
    gradeSalt,
    detailSalt,
  });
  const { leaf, modelCommitment } = built.opened;
  ensure(leaf === manifest.leaf, "commitment_mismatch", "the dataset does not lead to the leaf of its manifest");
  ensure(modelCommitment === modelManifest.modelCommitment, "commitment_mismatch", "the model is not the committed one");
  await guard.checkpoint();
  return { ...built, gradeSalt, detailSalt, datasetProved: path.proved };
}
