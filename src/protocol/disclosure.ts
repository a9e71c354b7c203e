import { utf8, type Bytes } from "./bytes.js";
import { ownerField, SCORE_OFFSET } from "./commitments.js";
import { ensure } from "./errors.js";
import { field, fieldFromDigest, fieldToBytes, type Field } from "./field.js";
import { sha256 } from "./hash.js";
import { idBytes, type LedgerAddress, type PartyKey } from "./ids.js";
import { placed } from "./ledger-digest.js";

// What a disclosure says and what its proof is bound to (docs/protocol.md 13).

/** The index of a grade that no result has: at most this claims nothing. */
export const WORST_GRADE = 6;

/** What is shown of a result. An absent part is not claimed; score or grade is. */
export interface Claim {
  /** -2^19+1..2^19-1 */
  readonly scoreAtLeast: number | undefined;
  /** 0 is the best grade, 6 the worst that a model can have */
  readonly gradeAtMost: number | undefined;
  /** whose dataset the result is of */
  readonly owner: PartyKey | undefined;
  /** M */
  readonly model: Field | undefined;
}

/** For whom, until when, and which entry of which ledger: what a disclosure cannot be moved from. */
export interface DisclosureContext {
  readonly chainId: number;
  readonly ledger: LedgerAddress;
  /** J */
  readonly jobBinding: Field;
  /** a name, compared exactly: 1 to 200 characters without control characters or surrounding space */
  readonly recipient: string;
  /** Unix seconds, this one included */
  readonly expiresAt: number;
}

const DOMAIN = sha256(utf8("veritee/disclosure/v1"));

/** @throws input_invalid unless it can be told apart from every other name at sight */
export function ensureRecipient(name: string): void {
  ensure(name.length >= 1 && name.length <= 200 && name.trim() === name && !/\p{C}/u.test(name) && name.normalize("NFC") === name, "input_invalid",
    "a recipient is 1 to 200 characters, without control characters or surrounding space", { field: "recipient" });
}

/** @throws input_invalid, naming the field */
export function ensureClaim({ scoreAtLeast, gradeAtMost }: Claim): void {
  ensure(scoreAtLeast !== undefined || gradeAtMost !== undefined, "input_invalid", "a disclosure claims a score or a grade", { field: "claim" });
  ensure(scoreAtLeast === undefined || (Number.isInteger(scoreAtLeast) && scoreAtLeast > -SCORE_OFFSET && scoreAtLeast < SCORE_OFFSET),
    "input_invalid", "a score is between -2^19 and 2^19", { field: "score_at_least", value: scoreAtLeast ?? 0 });
  ensure(gradeAtMost === undefined || (Number.isInteger(gradeAtMost) && gradeAtMost >= 0 && gradeAtMost <= WORST_GRADE),
    "input_invalid", "a grade's index is 0 to 6", { field: "grade_at_most", value: gradeAtMost ?? 0 });
}

/** The recipient as the ledger's contract is given it: SHA-256 of the name in UTF-8. */
export const recipientDigest = (recipient: string): Bytes => sha256(utf8(recipient));

/** @throws input_invalid (chain id) */
export const disclosureChallenge = (c: DisclosureContext): Field =>
  fieldFromDigest(placed(DOMAIN, { chainId: c.chainId, contract: c.ledger },
    fieldToBytes(c.jobBinding), recipientDigest(c.recipient), fieldToBytes(field(c.expiresAt))));

/** Names of the circuit's public signals, in its order. */
export const DISCLOSURE_SIGNALS = ["K", "scoreAtLeast", "gradeAtMost", "owner", "model", "challenge"] as const;

/** The public signals of the disclosure circuit, in its order; what is not claimed has the value that claims nothing. */
export const disclosureSignals = (resultCommitment: Field, claim: Claim, context: DisclosureContext): readonly Field[] => [
  resultCommitment,
  field(claim.scoreAtLeast === undefined ? 0 : claim.scoreAtLeast + SCORE_OFFSET),
  field(claim.gradeAtMost ?? WORST_GRADE + 1),
  claim.owner === undefined ? field(0) : ownerField(idBytes(claim.owner)),
  claim.model ?? field(0),
  disclosureChallenge(context),
];
