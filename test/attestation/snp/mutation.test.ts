import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appraiseSnp } from "../../../src/attestation/snp/appraise.js";
import type { AppraiserInput } from "../../../src/attestation/verdict.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { fuzzRuns, flipBit, verdict } from "./mutate.js";
import { AMD_CHAINS } from "../../../src/attestation/roots/amd.js";
import { readBytes, snpCollateral, snpInput } from "./cases.js";

const ok = snpInput("teekit-gcp-v5-ok");
// The one chain that counts, so that ten thousand flips do not parse six.
const input: AppraiserInput = { ...ok, anchors: { vendor: { snp: AMD_CHAINS.slice(0, 1) } } };
const vek = readBytes("snp", "teekit-gcp-v5-ok", "vek.der");
const judge = (change: Partial<AppraiserInput>): Promise<string> => verdict(() => appraiseSnp({ ...input, ...change }));

describe("a changed report is refused", () => {
  it("at every bit: no byte of a report is free", async () => {
    expect(await judge({})).toBe("accepted");
    const codes = new Map<string, number>();
    for (let bit = 0; bit < input.evidence.length * 8; bit++) {
      const code = await judge({ evidence: flipBit(input.evidence, bit) });
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(["certificate_role", "evidence_malformed", "evidence_product", "evidence_signature"]);
    expect(codes.get("evidence_signature")).toBeGreaterThan(SIGNED_BITS - 100);
  }, 600_000);

  it("in any of random and structure-aware ways", async () => {
    await fc.assert(fc.asyncProperty(mutation, async (evidence) => {
      expect(await judge({ evidence })).toMatch(/^(evidence|certificate|collateral)_/);
    }), { seed: 20260311, numRuns: fuzzRuns() });
  }, 600_000);
});

const SIGNED_BITS = 0x2a0 * 8;

describe("a changed certificate of the endorsement key is refused", () => {
  it("in any way", async () => {
    const changed = fc.array(fc.tuple(fc.nat(vek.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
      .map((edits) => edits.reduce((der, [at, x]) => { der[at] = (der[at] as number) ^ x; return der; }, vek.slice()))
      .filter((der) => der.some((b, i) => b !== vek[i]));
    await fc.assert(fc.asyncProperty(changed, async (der) => {
      expect(await judge({ collateral: snpCollateral({ vek: der }) })).toMatch(/^(evidence|certificate|collateral)_/);
    }), { seed: 20260312, numRuns: fuzzRuns() });
  }, 600_000);

  it("whatever JSON it comes in", async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
      expect(await judge({ collateral: new TextEncoder().encode(text) })).toMatch(/^(collateral_malformed|collateral_missing)$/);
    }), { seed: 20260313, numRuns: fuzzRuns() });
  }, 600_000);
});

/** Other lengths, fields of the wrong width or value, and parts of another genuine report put in. */
const other = snpInput("dstack-milan-v3-ok").evidence;
const mutation = fc.oneof(
  fc.uint8Array({ maxLength: 1300 }),
  fc.nat(1183).map((length) => input.evidence.slice(0, length)),
  fc.uint8Array({ minLength: 1, maxLength: 64 }).map((tail) => Uint8Array.from([...input.evidence, ...tail])),
  fc.record({ at: fc.nat(1176), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }).map(({ at, bytes }) => splice(at, bytes)),
  fc.record({ at: fc.constantFrom(0, 4, 8, 0x30, 0x34, 0x38, 0x40, 0x48, 0x180, 0x188, 0x1e0, 0x1f0), value: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 0xff, 0xffffffff) })
    .map(({ at, value }) => splice(at, Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24))),
  fc.record({ from: fc.nat(1183), length: fc.nat(1184) }).map(({ from, length }) => splice(from, other.slice(from, from + length))),
).filter((bytes) => bytes.length !== input.evidence.length || bytes.some((b, i) => b !== input.evidence[i]));

function splice(at: number, bytes: Uint8Array): Uint8Array {
  const out = input.evidence.slice();
  out.set(bytes.subarray(0, out.length - at), at);
  return out;
}

describe("identity of evidence", () => {
  it("is the same for the other signature that anyone can derive from a genuine one", async () => {
    const order = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
    const at = 0x2a0 + 72;
    const s = input.evidence.slice(at, at + 48).reduceRight((n, b) => (n << 8n) | BigInt(b), 0n);
    const twin = splice(at, Uint8Array.from({ length: 48 }, (_, i) => Number(((order - s) >> BigInt(8 * i)) & 0xffn)));
    const [a, b] = await Promise.all([input.evidence, twin].map((evidence) => appraiseSnp({ ...input, evidence })));
    expect(twin).not.toEqual(input.evidence);
    expect(a?.evidenceDigest).toEqual(b?.evidenceDigest);
    expect(a?.evidenceDigest).not.toEqual((await appraiseSnp(snpInput("dstack-milan-v3-ok"))).evidenceDigest);
  });

  it("refusals are errors of ours, with a cause in words", async () => {
    const error: unknown = await appraiseSnp({ ...input, evidence: flipBit(input.evidence, 0x90 * 8) }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(VeriteeError);
    expect((error as VeriteeError).message).toBe("the report is not signed by the endorsement key");
  });
});
