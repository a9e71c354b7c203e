// Promise: what cannot be proved is refused before proving, in words that say why.
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/protocol/disclosure.js";
import { field } from "../../src/protocol/field.js";
import { disclosureInput, type OpenedCommitment } from "../../src/programs/disclosure-input.js";
import { closed, commitmentOf, CONTEXT, leafParts, MODEL, NOTHING, openedResult, OTHER_OWNER, OWNER } from "../circuits/harness/disclose.js";

const opened = openedResult(612, 2);
const claiming = (claim: Partial<Claim>, as: OpenedCommitment = opened) => () => disclosureInput(commitmentOf(opened), as, { ...NOTHING, ...claim }, CONTEXT);
const refusal = (code: string, facts: object) => expect.objectContaining({ code, facts: expect.objectContaining(facts) as unknown });

describe("a claim that is true", () => {
  test.each<[string, Partial<Claim>]>([
    ["a score at its edge", { scoreAtLeast: 612 }],
    ["a grade at its edge", { gradeAtMost: 2 }],
    ["all of it", { scoreAtLeast: 0, gradeAtMost: 6, owner: OWNER, model: MODEL }],
  ])("has an input: %s", (_, claim) => expect(claiming(claim)().signals).toHaveLength(6));

  test("about the grade has one for whom the detail part is closed", () => expect(claiming({ gradeAtMost: 2, owner: OWNER }, closed(opened))().signals).toHaveLength(6));
});

describe("a claim that is false, or that its holder cannot make", () => {
  test.each<[string, Partial<Claim>, string, object]>([
    ["a point too many", { scoreAtLeast: 613 }, "claim_false", { claim: "score" }],
    ["a grade too good", { gradeAtMost: 1 }, "claim_false", { claim: "grade" }],
    ["another model", { scoreAtLeast: 1, model: field(1) }, "claim_false", { claim: "model" }],
    ["another owner", { gradeAtMost: 2, owner: OTHER_OWNER }, "claim_false", { claim: "owner" }],
    ["nothing", { owner: OWNER, model: MODEL }, "input_invalid", { field: "claim" }],
    ["a fraction", { scoreAtLeast: 1.5 }, "input_invalid", { field: "score_at_least" }],
  ])("is refused: %s", (_, claim, code, facts) => expect(claiming(claim)).toThrow(refusal(code, facts)));

  test("a score or model by whom they are closed to", () => {
    expect(claiming({ scoreAtLeast: 1 }, closed(opened))).toThrow(refusal("input_invalid", { field: "claim" }));
    expect(claiming({ gradeAtMost: 2, model: MODEL }, closed(opened))).toThrow(refusal("input_invalid", { field: "claim" }));
  });

  test("an owner without the manifest", () => {
    const { grade, detail } = opened;
    expect(claiming({ gradeAtMost: 2, owner: OWNER }, { grade, detail })).toThrow(refusal("input_invalid", { field: "owner" }));
  });
});

describe("an opening that is not the receipt's", () => {
  test.each(["resultCommitment", "leaf"] as const)("is refused: %s", (part) => {
    const other = part === "leaf" ? { ...opened, leaf: { ...leafParts, sourceKey: field(1) } } : openedResult(613, 2);
    expect(claiming({ gradeAtMost: 2, owner: OWNER }, other)).toThrow(refusal("commitment_mismatch", { field: part }));
  });
});
