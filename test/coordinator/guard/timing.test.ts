import { describe, expect, it } from "vitest";
import { sameToken } from "../../../src/coordinator/guard/same-token.js";
import { equalBytes } from "../../../src/protocol/bytes.js";
import { quantile, tOf } from "../../harness/dudect.js";
import { faultRuns } from "../../faults/harness/runs.js";
import { party, prepareCase, random, submit } from "../harness/parties.js";
import { sendSigned } from "../harness/raw.js";
import { startService } from "../harness/service.js";

// Promise R31: how long a comparison of secrets takes says nothing of them, and what is forbidden is refused as fast as what is
// not there.

const FULL = process.env["VERITEE_FAULTS"] === "full";
const SAMPLES = faultRuns(1_000_000, 20);
const LIMIT = 4.5;
/** One call is shorter than the clock's step. */
const CALLS = 20;

const secret = random(32);
const almost = Uint8Array.from(secret, (byte, i) => (i === 31 ? byte ^ 1 : byte));
const far = Uint8Array.from(secret, (byte) => byte ^ 0xff);
const token = Buffer.from(secret).toString("hex");
const place = Buffer.alloc(32);
const bytesOf = (which: 0 | 1): Uint8Array => {
  place.set(which === 0 ? almost : far);
  return place;
};
const tokenOf = (which: 0 | 1): string => Buffer.from(bytesOf(which)).toString("hex");

let sink = false;
const repeated = <T>(compare: (input: T) => boolean) => (input: T): void => { for (let i = 0; i < CALLS; i++) sink = compare(input) !== sink; };
/** Somebody else's work on this machine may spoil one measurement of a kind, not most of three. */
const typicalT = <T>(prepare: (which: 0 | 1) => T, run: (input: T) => void): number => Math.abs([1, 2, 3].map(() => tOf(Math.ceil(SAMPLES / 3), prepare, run)).sort((a, b) => Math.abs(a) - Math.abs(b))[1] as number);

function earlyExit(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

describe(`a comparison, ${SAMPLES} samples`, () => {
  it("of bytes takes as long for bytes that differ at once as for those that differ at the end", () => {
    const t = typicalT(bytesOf, repeated((input) => equalBytes(secret, input)));
    console.log(`equalBytes: |t| = ${t.toFixed(2)}`);
    expect(t).toBeLessThan(LIMIT);
  });

  it("of lease tokens does as well", () => {
    const t = typicalT(tokenOf, repeated((input) => sameToken(input, token)));
    console.log(`sameToken: |t| = ${t.toFixed(2)}`);
    expect(t).toBeLessThan(LIMIT);
    expect([sameToken(token, token), sameToken(token, null), sameToken("", null), sameToken(token.slice(1), token)]).toEqual([true, false, true, false]);
  });

  it("that ends at the first difference is found out by this measurement", () => {
    expect(typicalT(bytesOf, repeated((input) => earlyExit(secret, input)))).toBeGreaterThan(LIMIT);
  });
});

describe("what a stranger may not see", () => {
  it(`is refused as fast as what is not there (${FULL ? "medians within 1 ms" : "medians alike"})`, async () => {
    const service = await startService({ quotas: { requestsPerSecond: 100_000, burst: 100_000 } });
    try {
      const c = await prepareCase(service.url);
      const job = await submit(c);
      const stranger = party(service.url);
      const paths: readonly (readonly [string, string])[] = [[`/v1/jobs/${job}`, "/v1/jobs/"], [`/v1/blobs/${c.dataset.blobs[0] as string}`, "/v1/blobs/"], [`/v1/jobs/${job}/callback`, "/v1/jobs/"]];
      for (const [known, prefix] of paths) {
        const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
        for (let i = 0; i < faultRuns(2000, 20); i++) {
          for (const kind of i % 2 === 0 ? (["known", "unknown"] as const) : (["unknown", "known"] as const)) {
            const path = kind === "known" ? known : `${prefix}${Buffer.from(random(32)).toString("hex")}${known.endsWith("/callback") ? "/callback" : ""}`;
            const start = performance.now();
            const { status } = await sendSigned(service.url, stranger.key, { path });
            times[kind].push(performance.now() - start);
            expect(status).toBe(404);
          }
        }
        const [a, b] = [quantile(times.known, 0.5), quantile(times.unknown, 0.5)];
        console.log(`${prefix}: forbidden ${a.toFixed(2)} ms, unknown ${b.toFixed(2)} ms`);
        // Many tests at once on one machine: a short run knows its medians only so well.
        expect(Math.abs(a - b)).toBeLessThan(FULL ? 1 : Math.max(1, 0.25 * Math.max(a, b)));
      }
    } finally {
      await service.close();
    }
  });
});
