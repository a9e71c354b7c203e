import {
  detailPart, gradePart, leaf, ownerField, resultCommitment, SCORE_OFFSET, type DetailParts, type GradeParts, type LeafParts,
} from "../../../src/protocol/commitments.js";
import type { Claim, DisclosureContext } from "../../../src/protocol/disclosure.js";
import { field, type Field } from "../../../src/protocol/field.js";
import { hexId, idBytes, partyKey, type LedgerAddress } from "../../../src/protocol/ids.js";
import { disclosureInput, type OpenedCommitment } from "../../../src/programs/disclosure-input.js";
import type { Signals } from "./statement.js";

const salt = (byte: number): Uint8Array => new Uint8Array(31).fill(byte);

export const OWNER = partyKey("0a".repeat(32));
export const OTHER_OWNER = partyKey("0b".repeat(32));
export const MODEL = field(4242);

export const CONTEXT: DisclosureContext = {
  chainId: 31337, ledger: hexId<LedgerAddress>("0c".repeat(20), 20, "ledger"), jobBinding: field(888), recipient: "Bank of Examples", expiresAt: 1_900_000_000,
};

export const NOTHING: Claim = { scoreAtLeast: undefined, gradeAtMost: undefined, owner: undefined, model: undefined };

export const leafParts: LeafParts = {
  programTag: 101n, owner: ownerField(idBytes(OWNER)), sourceClass: 2, sourceKey: field(66), asOfDay: 19_000, termsAmount: 5, datasetRoot: field(77), aggregates: field(78),
};

export interface Opened extends OpenedCommitment {
  readonly grade: GradeParts;
  readonly detail: DetailParts;
  readonly leaf: LeafParts;
}

/** What a platform knows of a result with this score and grade. */
export const openedResult = (score: number, gradeIndex: number): Opened => ({
  grade: { job: CONTEXT.jobBinding, leaf: leaf(leafParts), asOfDay: leafParts.asOfDay, termsAmount: leafParts.termsAmount, gradeIndex, gradeSalt: salt(1) },
  detail: { model: MODEL, points: field(99), score, detailSalt: salt(2) },
  leaf: leafParts,
});

export const commitmentOf = ({ grade, detail }: Opened): Field => resultCommitment(gradePart(grade), detailPart(detail));

/** What an enterprise knows of it: F stays closed. */
export const closed = (opened: Opened): OpenedCommitment => ({ ...opened, detail: detailPart(opened.detail) });

/** The circuit's input for a claim that claims nothing, true of every result; the rest is the caller's to set. */
export function inputFor(opened: Opened, as: OpenedCommitment = opened): Signals {
  const { input } = disclosureInput(commitmentOf(opened), as, { ...NOTHING, gradeAtMost: 6 }, CONTEXT);
  return { ...Object.fromEntries(Object.entries(input).map(([k, v]) => [k, typeof v === "bigint" ? v : [...v]])), gradeAtMost: 7n };
}

export const offset = (score: number): bigint => BigInt(score + SCORE_OFFSET);

/** Every claim made, each true at its edge. */
export const discloseSample = (): Signals => {
  const opened = openedResult(612, 2);
  return { ...inputFor(opened), scoreAtLeast: offset(612), gradeAtMost: 2n, owner: leafParts.owner, model: MODEL };
};
