import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { authenticate } from "../../src/attestation/appraise.js";
import type { Genuine } from "../../src/attestation/verdict.js";
import { readCase, type EvidenceCase } from "../../src/cli/case-folder.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { mutator } from "./mutator.js";

// Promise: hostile evidence and collateral cause no accept, no crash, no hang, no growth of memory. `npm run fuzz` runs a
// million mutations; every test run a fortieth of them. VERITEE_FUZZ_SEED repeats a run.

const RUNS = Number(process.env["VERITEE_EVIDENCE_RUNS"] ?? 25_000);
const SEED = Number(process.env["VERITEE_FUZZ_SEED"] ?? 20_260_301);
const AT_ONCE = 16;
const SLOW_MS = 5_000;
const GROWTH_LIMIT = 150 * 2 ** 20;

/** Per platform an accepted case, and another of the same format from which parts are taken. */
const CASES = {
  sgx: ["sgx/phala-v3-ok", "sgx/automata-mock0-ok"],
  tdx: ["tdx/phala-v4-ok", "tdx/google-v5-ok"],
  snp: ["snp/trustee-milan-vcek-ok", "snp/dstack-milan-v3-ok"],
  nitro: ["nitro/dstack-nsm-ok", "nitro/evervault-beta-ok"],
  "az-snp-vtpm": ["az-snp-vtpm/trustee-v1-ok", "az-snp-vtpm/trustee-v0-ok"],
  "az-tdx-vtpm": ["az-tdx-vtpm/flashbots-2025-full", "az-tdx-vtpm/trustee-v0-ok"],
  csv: ["csv/csv-rs-full-ok", "csv/csv-rs-full-ok"],
} as const;

const load = (name: string): Promise<EvidenceCase> => readCase(join(import.meta.dirname, "../vectors/evidence", name));
const text = (genuine: Genuine): string => JSON.stringify(genuine, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value));

/** Which claims of accepted evidence differ from the honest ones. */
function differences(honest: string, said: string): string {
  const [a, b] = [JSON.parse(honest), JSON.parse(said)] as Record<string, unknown>[];
  return Object.keys({ ...a, ...b }).filter((key) => JSON.stringify(a?.[key]) !== JSON.stringify(b?.[key]))
    .map((key) => `${key}: ${JSON.stringify(a?.[key])} -> ${JSON.stringify(b?.[key])}`).join("; ");
}

describe.each(Object.entries(CASES))("%s under mutation", (_, [name, otherName]) => {
  it(`refuses or says the same, ${RUNS / 7 | 0} times from seed ${SEED}`, async () => {
    const [own, other] = await Promise.all([load(name), load(otherName)]);
    const at = own.verifyAt ?? 1_780_000_000;
    const honest = text(await authenticate(own.evidence, own.anchors, at, own.judgeTcb));
    // Parts of the other case are spliced in: enough of them are that case whole, and just as genuine.
    const alsoGenuine = await authenticate(other.evidence, own.anchors, at, own.judgeTcb).then(text, () => honest);
    const mutate = mutator(SEED, own.evidence, other.evidence);
    const codes = new Map<string, number>();
    let slowest = 0;
    let settled = 0; // resident memory once caches and code are warm

    const once = async (): Promise<void> => {
      const evidence = mutate();
      const start = performance.now();
      let outcome: string;
      try {
        // Accepted only where what changed says nothing: framing that no signature covers.
        const said = text(await authenticate(evidence, own.anchors, at, own.judgeTcb));
        outcome = said === honest || said === alsoGenuine ? "same" : `ACCEPTED ${differences(honest, said)}`;
      } catch (error) {
        outcome = error instanceof VeriteeError ? error.code : `CRASH ${String(error)}`;
      }
      slowest = Math.max(slowest, performance.now() - start);
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    };

    const runs = Math.ceil(RUNS / 7);
    for (let done = 0; done < runs; done += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, runs - done) }, once));
      if (settled === 0 && done > runs / 4) settled = process.memoryUsage().rss;
    }
    const bad = [...codes.keys()].filter((code) => /^(ACCEPTED|CRASH|internal)/.test(code));
    expect(bad, `seed ${SEED}`).toEqual([]);
    expect(codes.size, "the mutations reach more than one check").toBeGreaterThan(2);
    expect(slowest).toBeLessThan(SLOW_MS);
    expect(process.memoryUsage().rss - settled).toBeLessThan(GROWTH_LIMIT);
    console.log(`${name}: ${[...codes].sort((a, b) => b[1] - a[1]).map(([code, n]) => `${code} ${n}`).join(", ")}; slowest ${Math.round(slowest)} ms`);
  }, 7_200_000);
});
