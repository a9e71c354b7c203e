import { describe, expect, it } from "vitest";
import { createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import { holdsAt, meet, Memo } from "../../../src/attestation/common/memo.js";
import type { Appraiser } from "../../../src/attestation/verdict.js";
import { readCase, refusal } from "./cases.js";

const DAY = 86_400;
const { input } = readCase("tdx/phala-v4-ok");

describe("what is remembered changes no verdict", () => {
  it("a second appraisal finds the same as the first, and as a fresh appraiser", async () => {
    const appraise = createDcapAppraiser();
    const first = await appraise(input);
    expect(await appraise(input)).toEqual(first);
    expect(await createDcapAppraiser()(input)).toEqual(first);
  });

  it("time is judged on every call: nothing outlives what it rests on", async () => {
    const appraise = createDcapAppraiser();
    const { validUntil } = await appraise(input) as { validUntil: number };
    expect(await refusal(appraise({ ...input, at: validUntil }))).toBe("accepted");
    expect(await refusal(appraise({ ...input, at: validUntil + 1 }))).toBe("collateral_expired");
    expect(await refusal(appraise({ ...input, at: input.at - 20 * DAY }))).toBe("collateral_expired");
    expect(await refusal(appraise({ ...input, at: input.at + 3650 * DAY }))).toBe("certificate_expired");
    expect(await refusal(appraise(input))).toBe("accepted");
  });

  it("every time of the window's edge is judged alike warm and cold", async () => {
    const warm = createDcapAppraiser();
    await warm(input);
    for (let day = -40; day <= 40; day++) {
      const judged = { ...input, at: input.at + day * DAY };
      expect(await refusal(warm(judged))).toBe(await refusal(createDcapAppraiser()(judged)));
    }
  });

  it("roots are part of what is remembered", async () => {
    const appraise = createDcapAppraiser();
    await appraise(input);
    const sim = readCase("sim-tdx/ok").input;
    expect(await refusal(appraise({ ...input, anchors: {} }))).toBe("evidence_anchor");
    expect(await refusal(appraise({ ...input, anchors: sim.anchors }))).toBe("evidence_anchor");
    expect(await refusal(appraise({ ...input, anchors: { sim: input.anchors.vendor as object } }))).toBe("certificate_role");
  });

  it("a machine that was good is refused as soon as collateral says so", async () => {
    const appraise = createDcapAppraiser();
    const good = readCase("sim-tdx/ok").input;
    expect(await refusal(appraise(good))).toBe("accepted");
    expect(await refusal(appraise({ ...good, collateral: readCase("sim-tdx/pck-revoked").input.collateral }))).toBe("certificate_revoked");
    expect(await refusal(appraise({ ...good, collateral: readCase("sim-tdx/tcb-revoked").input.collateral }))).toBe("tcb_revoked");
    expect(await refusal(appraise(good))).toBe("accepted");
  });

  it("the quote's own half is never remembered", async () => {
    const appraise = createDcapAppraiser();
    await appraise(input);
    expect(await refusal(appraise(readCase("tdx/phala-v4-mutated-reportdata").input))).toBe("evidence_signature");
  });
});

describe("the tables are bounded", () => {
  it("keep what was used last", () => {
    const memo = new Memo<number>(2);
    memo.set("a", 1);
    memo.set("b", 2);
    expect(memo.get("a")).toBe(1);
    memo.set("c", 3);
    expect([memo.get("a"), memo.get("b"), memo.get("c")]).toEqual([1, undefined, 3]);
    memo.set("c", 4);
    expect([memo.get("a"), memo.get("c")]).toEqual([1, 4]);
  });

  it("windows meet, both ends included", () => {
    const window = meet({ from: 1, until: 9 }, { from: 3, until: 12 });
    expect(window).toEqual({ from: 3, until: 9 });
    expect([2, 3, 9, 10, Number.NaN].map((at) => holdsAt(window, at))).toEqual([false, true, true, false, false]);
  });
});

describe("rates", () => {
  const RUNS = 40;
  /** Milliseconds of processor time each: other work on the machine does not count. */
  async function costOf(name: string, appraiser: () => Appraiser): Promise<number> {
    const judged = readCase(name).input;
    const before = process.cpuUsage();
    for (let i = 0; i < RUNS; i++) await appraiser()(judged);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / RUNS;
  }

  it.each(["tdx/phala-v4-ok", "tdx/google-v5-ok", "sgx/phala-v3-ok"])("%s with cached collateral takes less than 25 ms of one core", async (name) => {
    const cold = await costOf(name, createDcapAppraiser);
    const kept = createDcapAppraiser();
    const warm = await costOf(name, () => kept);
    console.log(`${name}: cold ${cold.toFixed(2)} ms (${(1000 / cold).toFixed(0)}/s), warm ${warm.toFixed(2)} ms (${(1000 / warm).toFixed(0)}/s)`);
    expect(warm).toBeLessThan(25);
  });
});
