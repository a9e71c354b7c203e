import { describe, expect, it } from "vitest";
import { replay, type Step } from "../../../src/coordinator/trace/replay.js";
import { TRANSACTION_MACHINE } from "../../../src/coordinator/transactions/transitions.js";

// Promise: a nonce's trace that no run can leave is found.

const steps = (lines: readonly string[]): Step[] => lines.map((line) => {
  const [event, from, to] = line.split(" ") as [string, string, string];
  return { event, from, to };
});
const wrong = (lines: readonly string[], state?: string): number => replay(TRANSACTION_MACHINE, steps(lines), state === undefined ? undefined : { state }).length;

describe("a nonce's trace", () => {
  const life = ["sign unused signed", "send signed sent", "bump sent signed", "send signed sent", "mine sent mined"];

  it.each([
    ["through higher fees", life, "mined"],
    ["without an answer of the node", ["sign unused signed", "mine signed mined"], "mined"],
    ["taken back by the chain", [...life, "back mined sent", "mine sent mined"], "mined"],
    ["used by somebody else, and late", ["sign unused signed", "send signed sent", "foreign sent foreign", "mine foreign mined"], "mined"],
    ["used by others before and freed again", ["skip unused foreign", "fill foreign signed", "send signed sent", "mine sent mined"], "mined"],
    ["given up", ["sign unused signed", "fill signed signed", "send signed sent"], "sent"],
  ])("is right %s", (_, lines, state) => { expect(wrong(lines, state)).toBe(0); });

  it.each([
    ["sent before it was kept", ["send unused sent"]],
    ["signed twice for two calls", ["sign unused signed", "sign signed signed"]],
    ["bumped after it was in a block", [...life, "bump mined signed"]],
    ["in a block twice", [...life, "mine mined mined"]],
    ["in a block without a signature", ["mine unused mined"]],
    ["taken for somebody else's after it was in a block", [...life, "foreign mined foreign"]],
    ["taken back without having been there", ["sign unused signed", "back signed sent"]],
    ["without a step", life.filter((_, i) => i !== 1)],
  ])("is wrong when it was %s", (_, lines) => { expect(wrong(lines)).toBeGreaterThan(0); });

  it("is wrong when the store says another state", () => { expect(wrong(life, "sent")).toBe(1); });
});
