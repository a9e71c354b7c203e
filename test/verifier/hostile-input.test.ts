// Promise: whatever it is given, the verifier answers with a report, and refuses.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../src/protocol/bytes.js";
import { envelopeFromBytes, envelopeToBytes } from "../../src/protocol/dsse.js";
import { certificateFromBytes } from "../../src/protocol/objects/receipt.js";
import type { ReceiptJson } from "../../src/protocol/receipt-file.js";
import { NOW } from "../enclave/harness/world.js";
import { makeFixture, receiptWith, verify } from "./fixture.js";

let good: ReceiptJson;
beforeAll(async () => void (good = receiptWith(await makeFixture())));

const flipBit = (bytes: Uint8Array, bit: number): Uint8Array => bytes.map((b, i) => (i === bit >> 3 ? b ^ (1 << (bit & 7)) : b));

const refuses = async (json: unknown): Promise<void> => {
  // With a clock: without one a receipt from the future is nothing that a verifier could tell.
  const report = await verify(json, { now: NOW + 10 });
  expect(report.ok).toBe(false);
  expect(report.checks.length).toBeGreaterThan(0);
};

describe("hostile input", () => {
  it("of any shape is refused, never thrown at", async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.anything({ withBigInt: true, withNullPrototype: true }), fc.jsonValue()), refuses), { numRuns: 200 });
  });

  it("in any field of a receipt is refused, never thrown at", async () => {
    const paths = ["format", "labels", "statement", "certificate", "anchor", "labels.simulated", "anchor.chainId", "anchor.ledger", "anchor.blockTime"];
    await fc.assert(fc.asyncProperty(fc.constantFrom(...paths), fc.anything(), async (path, value) => {
      const json = structuredClone(good) as unknown as Record<string, unknown>;
      const [outer, inner] = path.split(".") as [string, string | undefined];
      if (inner === undefined) json[outer] = value;
      else (json[outer] as Record<string, unknown>)[inner] = value;
      fc.pre(JSON.stringify(json[outer]) !== JSON.stringify(good[outer as keyof ReceiptJson]));
      await refuses(json);
    }), { numRuns: 60 });
  });

  it("with one bit changed anywhere in the signed bytes is refused", async () => {
    const envelope = envelopeFromBytes(fromBase64(good.statement));
    await fc.assert(fc.asyncProperty(fc.nat(envelope.payload.length * 8 - 1), async (bit) => {
      const changed = { ...envelope, payload: flipBit(envelope.payload, bit) };
      await refuses({ ...good, statement: toBase64(envelopeToBytes(changed)) });
    }), { numRuns: 40 });
  });

  // The framing is not signed, but has one spelling only: there are no two files of one statement.
  it("with one bit changed anywhere in the statement is refused", async () => {
    const bytes = fromBase64(good.statement);
    await fc.assert(fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      await refuses({ ...good, statement: toBase64(flipBit(bytes, bit)) });
    }), { numRuns: 60 });
  });

  // Nobody signs the time at which the registrar appraised; evidence allows minutes of it, and nothing that is said changes.
  it("with one bit changed anywhere in the certificate is refused, or only the appraisal time moved within its limits", async () => {
    const said = (await verify(good)).facts;
    const bytes = fromBase64(good.certificate);
    await fc.assert(fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const changed = flipBit(bytes, bit);
      const report = await verify({ ...good, certificate: toBase64(changed) });
      if (!report.ok) return;
      expect(report.facts).toEqual(said);
      expect({ ...certificateFromBytes(changed), appraisedAt: 0 }).toEqual({ ...certificateFromBytes(bytes), appraisedAt: 0 });
    }), { numRuns: 60 });
  });

  it("with a getter that throws is refused", async () => {
    await refuses(Object.defineProperty({ ...good }, "anchor", { enumerable: true, get: () => { throw new Error("trap"); } }));
    await refuses(new Proxy({}, { get: () => { throw new Error("trap"); }, ownKeys: () => { throw new Error("trap"); } }));
  });
});
