import { describe, expect, it } from "vitest";
import { JOB_MACHINE } from "../../../src/coordinator/queue/transitions.js";
import { TASK_MACHINE } from "../../../src/coordinator/queue/task-transitions.js";
import { SEND_MACHINE, sendState } from "../../../src/coordinator/outbox/transitions.js";
import { KEY_REQUEST_MACHINE, keyRequestState } from "../../../src/coordinator/store/key-request-transitions.js";
import { replay, type Step } from "../../../src/coordinator/trace/replay.js";

// Promise: a trace that no run of the machine can leave is found. Every wrong trace here is a right one with one thing changed.

/** `lease queued running 0` and so on. */
const steps = (...lines: string[]): Step[] => lines.map((line) => {
  const [event, from, to, attempt] = line.split(" ") as [string, string, string, string | undefined];
  return { event, from, to, ...(attempt === undefined ? {} : { attempt: Number(attempt) }) };
});

describe("a job's trace", () => {
  const life = ["lease queued running 0", "expire running queued 1", "lease queued running 1", "late_completion running running 2", "complete running anchoring 2", "anchored anchoring done 2"];
  const present = { state: "done", attempt: 2, failures: 1 };
  const without = (i: number) => life.filter((_, k) => k !== i);
  const inserted = (at: number, ...lines: string[]) => [...life.slice(0, at), ...lines, ...life.slice(at)];

  it("is right when each step is in the table, late reports changed nothing, and it ends where the store says", () => {
    expect(replay(JOB_MACHINE, steps(...life), present)).toEqual([]);
    expect(replay(JOB_MACHINE, [], { state: "queued", attempt: 0, failures: 0 })).toEqual([]);
    expect(replay(JOB_MACHINE, steps("lease queued running 0", "progress running running 1"))).toEqual([]);
  });

  const wrong: Record<string, readonly string[]> = {
    "a skipped state": without(4),
    "a lost lease": without(2),
    "a lost expiry": without(1),
    "a completion that comes twice": inserted(5, "complete running anchoring 2"),
    "a lease after done": [...life, "lease done running 2"],
    "a lease after done that claims another state": [...life, "lease queued running 2"],
    "anchored twice": [...life, "anchored anchoring done 2"],
    "a late report that changed something": inserted(4, "late_completion running anchoring 2"),
    "an event that the machine does not know": inserted(3, "teleport running done 2"),
    "two leases under one attempt": life.map((line) => line.replace("lease queued running 1", "lease queued running 0")),
    "done without the ledger's word": [...life.slice(0, 5), "complete anchoring done 2"],
    "steps in another order": [life[2] as string, life[1] as string, life[0] as string, ...life.slice(3)],
    "a table step that went elsewhere": life.map((line) => line.replace("expire running queued", "expire running running")),
  };
  for (const [name, lines] of Object.entries(wrong)) {
    it(`is wrong with ${name}`, () => { expect(replay(JOB_MACHINE, steps(...lines)).length).toBeGreaterThan(0); });
  }

  it.each([
    ["state", { ...present, state: "failed" }], ["attempt", { ...present, attempt: 3 }], ["failures", { ...present, failures: 0 }],
  ])("is wrong when the store has another %s at its end", (_, other) => {
    expect(replay(JOB_MACHINE, steps(...life), other)).toHaveLength(1);
  });

  it("is wrong when it is missing altogether", () => {
    expect(replay(JOB_MACHINE, [], present)).toHaveLength(3);
  });

  it("is wrong with any one step left out, but for reports that changed nothing", () => {
    const found = life.map((_, i) => replay(JOB_MACHINE, steps(...without(i)), present).length > 0);
    expect(found).toEqual([true, true, true, false, true, true]);
  });
});

describe("a deed's trace", () => {
  const life = ["take planned taken", "postpone taken postponed", "take postponed taken", "refuse taken refused", "again refused planned", "take planned taken", "done taken done"];

  it("is right through postponement, refusal and a second asking", () => {
    expect(replay(SEND_MACHINE, steps(...life), { state: "done" })).toEqual([]);
  });

  it.each([
    ["settled twice", [...life, "done taken done"]],
    ["refused after it was done", [...life, "refuse done refused"]],
    ["settled without being taken", ["done planned done"]],
    ["asked anew after it was done", [...life, "again done planned"]],
    ["taken after it was done", [...life, "take done taken"]],
  ])("is wrong when it was %s", (_, lines) => {
    expect(replay(SEND_MACHINE, steps(...lines)).length).toBeGreaterThan(0);
  });

  it("reads its state from the row: an error with a pending row is a postponement", () => {
    const row = { state: "pending" as const, tries: 1, error_code: null };
    expect(sendState(row)).toBe("taken");
    expect(sendState({ ...row, tries: 0 })).toBe("planned");
    expect(sendState({ ...row, error_code: "chain_unavailable" })).toBe("postponed");
    expect(sendState({ ...row, state: "refused", error_code: "chain_refused" })).toBe("refused");
  });
});

describe("a statement's trace", () => {
  const life = ["lease pending leased", "retry leased pending", "lease pending leased", "wait_for_key leased pending", "lease pending leased", "expire leased pending", "lease pending leased", "complete leased done"];
  const present = { state: "done", attempt: 4, failures: 2 };

  it("is right through failures, a lapsed lease and an absent broker", () => {
    expect(replay(TASK_MACHINE, steps(...life), present)).toEqual([]);
    expect(replay(TASK_MACHINE, steps("lease pending leased", "give_up leased failed"), { state: "failed", attempt: 1, failures: 1 })).toEqual([]);
    expect(replay(TASK_MACHINE, steps("found pending done"), { state: "done" })).toEqual([]);
  });

  it.each([
    ["a proof that nobody had leased", ["complete pending done"]],
    ["two proofs", [...life, "complete leased done"]],
    ["a lease after its proof", [...life, "lease done leased"]],
    ["two leases at once", ["lease pending leased", "lease leased leased", "complete leased done"]],
    ["a change that no event explains", ["lease pending leased", "changed leased leased"]],
    ["a lease of what failed for good", ["lease pending leased", "give_up leased failed", "lease failed leased"]],
  ])("is wrong with %s", (_, lines) => {
    expect(replay(TASK_MACHINE, steps(...lines)).length).toBeGreaterThan(0);
  });

  it("is wrong with any one step left out", () => {
    expect(life.map((_, i) => replay(TASK_MACHINE, steps(...life.filter((__, k) => k !== i)), present).length > 0)).toEqual(life.map(() => true));
  });
});

describe("a key request's trace", () => {
  const life = ["challenge asked challenged", "evidence challenged proved", "reply proved replied"];

  it("is right with all four messages, and when the broker refuses at once", () => {
    expect(replay(KEY_REQUEST_MACHINE, steps(...life), { state: "replied" })).toEqual([]);
    expect(replay(KEY_REQUEST_MACHINE, steps("reply asked replied"), { state: "replied" })).toEqual([]);
    expect(replay(KEY_REQUEST_MACHINE, steps("found asked replied"), { state: "replied" })).toEqual([]);
  });

  it.each([
    ["evidence without a challenge", ["evidence asked proved", "reply proved replied"]],
    ["two replies", [...life, "reply replied replied", "reply proved replied"]],
    ["a challenge after the reply", [...life, "challenge replied challenged"]],
    ["a beginning that is found in the middle", [...life, "found asked replied"]],
  ])("is wrong with %s", (_, lines) => {
    expect(replay(KEY_REQUEST_MACHINE, steps(...lines)).length).toBeGreaterThan(0);
  });

  it("reads its state from the messages that are there", () => {
    const none = { challenge: null, evidence: null, reply: null };
    expect([none, { ...none, challenge: 1 }, { ...none, challenge: 1, evidence: 1 }, { challenge: 1, evidence: 1, reply: 1 }, { ...none, reply: 1 }].map(keyRequestState))
      .toEqual(["asked", "challenged", "proved", "replied", "replied"]);
  });
});
