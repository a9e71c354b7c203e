import { describe, expect, it } from "vitest";
import { AnswerTable } from "../../src/broker/answers.js";
import { ChallengeTable } from "../../src/broker/challenges.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import type { KeyChallengeId, KeyRequestId, ObjectId } from "../../src/protocol/ids.js";

const reply = {} as Envelope;
const id = (n: number): KeyRequestId => n.toString(16).padStart(64, "0") as KeyRequestId;

describe("answers", () => {
  it("are given again to the same evidence only, and forgotten after an hour", () => {
    const table = new AnswerTable();
    table.keep(id(1), "a", reply, 1000);
    expect(table.find(id(1), "a")).toBe(reply);
    expect(table.find(id(1), "b")).toBeUndefined();
    table.keep(id(2), "a", reply, 1000 + 3600);
    expect(table.find(id(1), "a")).toBeUndefined();
  });

  it("are at most ten thousand, whatever strangers ask", () => {
    const table = new AnswerTable();
    for (let n = 0; n < 10_050; n++) table.keep(id(n), "", reply, 1000);
    expect(table.find(id(49), "")).toBeUndefined();
    expect(table.find(id(50), "")).toBe(reply);
    expect(table.find(id(10_049), "")).toBe(reply);
  });
});

describe("challenges", () => {
  const policy = "01".repeat(32) as ObjectId;
  const issue = (table: ChallengeTable, n: number, now: number) =>
    table.issue(id(n), policy, new Uint8Array(32), now, (value) => ({ id: `c${n}` as KeyChallengeId, signer: "" as never, value, envelope: reply }));

  it("that wait are at most ten thousand; old ones make room", () => {
    const table = new ChallengeTable();
    for (let n = 0; n < 10_000; n++) issue(table, n, 1000);
    expect(() => issue(table, 10_000, 1000)).toThrow(expect.objectContaining({ code: "key_refused" }));
    issue(table, 10_001, 1600);
  });

  it("are given again to a request that asks again, until they expire or the policy is another", () => {
    const table = new ChallengeTable();
    const first = issue(table, 1, 1000);
    expect(table.outstanding(id(1), policy, 1299)).toBe(first);
    expect(table.outstanding(id(1), "02".repeat(32) as ObjectId, 1000)).toBeUndefined();
    expect(table.outstanding(id(1), policy, 1300)).toBeUndefined();
    table.burn(first.id, id(1), 1100);
    expect(table.outstanding(id(1), policy, 1100)).toBeUndefined();
  });
});
