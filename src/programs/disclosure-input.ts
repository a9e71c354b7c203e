import {
  detailPart, gradePart, leaf, ownerField, resultCommitment, SCORE_OFFSET, type DetailParts, type GradeParts, type LeafParts,
} from "../protocol/commitments.js";
import { DISCLOSURE_SIGNALS, disclosureSignals, ensureClaim, ensureRecipient, type Claim, type DisclosureContext } from "../protocol/disclosure.js";
import { ensure } from "../protocol/errors.js";
import { field, fieldFromSalt, type Field } from "../protocol/field.js";
import { idBytes } from "../protocol/ids.js";
import type { CircuitInput } from "./score-input.js";

/** What a holder knows of K. */
export interface OpenedCommitment {
  /** opens G */
  readonly grade: GradeParts;
  /** opens F, or F itself for a party to whom it is closed */
  readonly detail: DetailParts | Field;
  /** opens the leaf; needed to show the owner */
  readonly leaf?: LeafParts;
}

export interface DisclosureInput {
  readonly input: CircuitInput;
  /** in the circuit's order */
  readonly signals: readonly Field[];
}

/**
 * Input of the disclosure circuit (docs/protocol.md 13).
 * @param result K, as the receipt has it
 * @throws claim_false, commitment_mismatch naming the part, input_invalid (no claim, unfit recipient)
 */
export function disclosureInput(result: Field, opened: OpenedCommitment, claim: Claim, context: DisclosureContext): DisclosureInput {
  ensureClaim(claim);
  ensureRecipient(context.recipient);
  ensureOpens(result, opened);
  ensureHolds(opened, claim);
  const signals = disclosureSignals(result, claim, context);
  const { grade, detail } = opened;
  const input: CircuitInput = {
    ...Object.fromEntries(DISCLOSURE_SIGNALS.map((name, i) => [name, signals[i] as Field])),
    job: grade.job,
    leaf: grade.leaf,
    asOfDay: field(grade.asOfDay),
    termsAmount: field(grade.termsAmount),
    grade: field(grade.gradeIndex),
    gradeSalt: fieldFromSalt(grade.gradeSalt),
    ...detailInput(detail),
    ...leafInput(opened.leaf),
  };
  return { input, signals };
}

const isOpen = (detail: DetailParts | Field): detail is DetailParts => typeof detail === "object";

function ensureOpens(result: Field, { grade, detail, leaf: parts }: OpenedCommitment): void {
  const f = isOpen(detail) ? detailPart(detail) : detail;
  ensure(resultCommitment(gradePart(grade), f) === result, "commitment_mismatch", "the opened result is not the one that the receipt commits to", { field: "resultCommitment" });
  ensure(parts === undefined || leaf(parts) === grade.leaf, "commitment_mismatch", "the dataset's manifest and source do not give the result's leaf", { field: "leaf" });
}

function ensureHolds({ grade, detail, leaf: parts }: OpenedCommitment, { scoreAtLeast, gradeAtMost, owner, model }: Claim): void {
  ensure(gradeAtMost === undefined || grade.gradeIndex <= gradeAtMost, "claim_false", "the result's grade is worse than claimed", { claim: "grade" });
  if (scoreAtLeast !== undefined || model !== undefined) {
    ensure(isOpen(detail), "input_invalid", "only the platform can show score and model: to others they are closed", { field: "claim" });
    ensure(scoreAtLeast === undefined || detail.score >= scoreAtLeast, "claim_false", "the result's score is below the one claimed", { claim: "score" });
    ensure(model === undefined || detail.model === model, "claim_false", "the result is of another model", { claim: "model" });
  }
  if (owner === undefined) return;
  ensure(parts !== undefined, "input_invalid", "showing the owner takes the dataset's manifest", { field: "owner" });
  ensure(parts.owner === ownerField(idBytes(owner)), "claim_false", "the dataset is another owner's", { claim: "owner" });
}

/** A closed part leaves its opening free: the circuit does not look at it. */
function detailInput(detail: DetailParts | Field): CircuitInput {
  if (!isOpen(detail)) return { detail, detailModel: 0n, packedPoints: 0n, score: 0n, detailSalt: 0n };
  return {
    detail: detailPart(detail),
    detailModel: detail.model,
    packedPoints: detail.points,
    score: BigInt(detail.score + SCORE_OFFSET),
    detailSalt: fieldFromSalt(detail.detailSalt),
  };
}

const leafInput = (parts: LeafParts | undefined): CircuitInput => ({
  programTag: parts?.programTag ?? 0n,
  sourceClass: BigInt(parts?.sourceClass ?? 0),
  sourceKey: parts?.sourceKey ?? 0n,
  datasetRoot: parts?.datasetRoot ?? 0n,
  aggregates: parts?.aggregates ?? 0n,
});
