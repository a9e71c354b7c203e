// Promise: a disclosure can be proved exactly when its claims are true of the result that K commits to.
import { beforeAll, describe, expect, test } from "vitest";
import { SCORE_OFFSET, ownerField } from "../../src/protocol/commitments.js";
import { R } from "../../src/protocol/field.js";
import { idBytes } from "../../src/protocol/ids.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { closed, commitmentOf, discloseSample, inputFor, leafParts, MODEL, offset, openedResult, OTHER_OWNER } from "./harness/disclose.js";
import type { Signals } from "./harness/statement.js";

let disclose: CircuitUnderTest;
beforeAll(async () => void (disclose = await circuit("disclose")));

const accepts = (input: Signals) => expect(disclose.witness(input)).resolves.toBeDefined();
const refuses = (input: Signals) => expect(disclose.witness(input)).rejects.toMatchObject(REFUSED);
const GRADES = [0, 1, 2, 3, 4, 5, 6] as const;

test("every claim at its edge, together, is accepted", () => accepts(discloseSample()));

describe("a grade claim", () => {
  test.each(GRADES)("on grade %i is accepted exactly when it is not better than that", async (grade) => {
    const opened = openedResult(600, grade);
    for (const claim of [...GRADES, 7]) {
      const input = { ...inputFor(opened), gradeAtMost: BigInt(claim) };
      await (grade <= claim ? accepts(input) : refuses(input));
    }
  });

  test("holds with the detail part closed, which shows no score", async () => {
    const opened = openedResult(600, 2);
    const input = { ...inputFor(opened, closed(opened)), gradeAtMost: 2n };
    await accepts(input);
    await refuses({ ...input, gradeAtMost: 1n });
    await refuses({ ...input, scoreAtLeast: 1n, score: 1n });
    await refuses({ ...input, scoreAtLeast: 1n, score: offset(600) });
    await refuses({ ...input, model: MODEL, detailModel: MODEL });
  });

  test.each([8n, 9n, R - 1n])("of %s is none", (claim) => refuses({ ...inputFor(openedResult(600, 2)), gradeAtMost: claim }));
});

describe("a score claim", () => {
  test.each([-SCORE_OFFSET + 1, -1, 0, 1, 612, SCORE_OFFSET - 1])("on a score of %i is accepted exactly up to that score", async (score) => {
    const input = inputFor(openedResult(score, 2));
    await accepts({ ...input, scoreAtLeast: offset(score) });
    await accepts({ ...input, scoreAtLeast: offset(score) - 1n });
    await accepts({ ...input, scoreAtLeast: 1n });
    await refuses({ ...input, scoreAtLeast: offset(score) + 1n });
    await refuses({ ...input, scoreAtLeast: (1n << 20n) - 1n + (score === SCORE_OFFSET - 1 ? 1n : 0n) });
  });

  test("below zero, or of more than 20 bits, is none", async () => {
    const input = inputFor(openedResult(612, 2));
    for (const claim of [R - 1n, R - offset(612), 1n << 20n, 1n << 252n]) await refuses({ ...input, scoreAtLeast: claim });
  });

  test("about another score than the committed one is refused", async () => {
    const input = inputFor(openedResult(612, 2));
    await refuses({ ...input, scoreAtLeast: offset(613), score: offset(613) });
    await refuses({ ...input, scoreAtLeast: 1n, score: offset(613) });
  });

  test("does not let the detail part be another", async () => {
    const [low, high] = [openedResult(300, 2), openedResult(900, 2)];
    await refuses({ ...inputFor(high), K: commitmentOf(low), scoreAtLeast: offset(900) });
    await refuses({ ...inputFor(high), K: commitmentOf(low), detail: inputFor(low)["detail"] as bigint, scoreAtLeast: offset(900) });
  });
});

describe("what is shown beside the claim", () => {
  const opened = openedResult(612, 2);

  test("is the result's own model", async () => {
    await accepts({ ...inputFor(opened), model: MODEL });
    await refuses({ ...inputFor(opened), model: MODEL + 1n });
    await refuses({ ...inputFor(opened), model: MODEL + 1n, detailModel: MODEL + 1n });
  });

  test("is the dataset's own owner", async () => {
    const other = ownerField(idBytes(OTHER_OWNER));
    await accepts({ ...inputFor(opened), owner: leafParts.owner });
    await refuses({ ...inputFor(opened), owner: other });
    await refuses({ ...inputFor(opened), owner: leafParts.owner, leaf: 1n });
    for (const name of ["programTag", "sourceClass", "sourceKey", "datasetRoot", "aggregates", "asOfDay", "termsAmount"]) {
      await refuses({ ...inputFor(opened), owner: leafParts.owner, [name]: 12345n });
    }
  });
});

test.each(["K", "job", "leaf", "asOfDay", "termsAmount", "grade", "gradeSalt", "detail"])("another %s is refused: it is not what K commits to", (name) => {
  const input = inputFor(openedResult(612, 2));
  return refuses({ ...input, [name]: (input[name] as bigint) + 1n });
});

test.each(["detailModel", "packedPoints", "score", "detailSalt"])("another %s is refused when the score is claimed", (name) => {
  const input = { ...inputFor(openedResult(612, 2)), scoreAtLeast: offset(600) };
  return refuses({ ...input, [name]: (input[name as keyof typeof input] as bigint) + 1n });
});
