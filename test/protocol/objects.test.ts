import { describe, expect, it } from "vitest";
import { signingKey } from "../../src/protocol/dsse.js";
import { grant } from "../../src/protocol/objects/index.js";
import { deriveHpkeKeyPair, hpkeOpen, hpkeSeal } from "../../src/protocol/hpke.js";
import { openSegment, sealSegment } from "../../src/protocol/sealing.js";

const key = signingKey(new Uint8Array(32).fill(7));
const other = signingKey(new Uint8Array(32).fill(8));
const bytes = (n: number, v: number) => new Uint8Array(n).fill(v);

describe("grant", () => {
  const value = {
    owner: key.publicKey, dataset: "11".repeat(32), programs: ["sme-invoice/1"], grantee: other.publicKey, purpose: "credit",
    notBefore: 1, notAfter: 2, maxUses: 1, allowedMeasurements: ["22".repeat(48)], allowedAnchors: ["sim"],
    nonce: bytes(32, 1), resultKey: { suite: 1, publicKey: bytes(32, 3) },
  } as unknown as Parameters<typeof grant.sign>[0];

  it("survives the wire unchanged and keeps its id", () => {
    const signed = grant.sign(value, key);
    const opened = grant.open(signed.envelope);
    expect(opened.value).toEqual(value);
    expect(opened.id).toBe(signed.id);
  });

  it("is refused when another key than the named owner signed it", () => {
    expect(() => grant.open(grant.sign({ ...value, owner: key.publicKey }, other).envelope)).toThrow(/signed by another key/);
  });

  it("is refused when one bit of payload or signature flips", () => {
    const { envelope } = grant.sign(value, key);
    for (let i = 0; i < envelope.payload.length; i += 7) {
      const payload = Uint8Array.from(envelope.payload);
      payload[i] = (payload[i] as number) ^ 1;
      expect(() => grant.open({ ...envelope, payload })).toThrow();
    }
  });
});

describe("hpke", () => {
  for (const suite of [1, 2] as const) {
    it(`opens what was sealed, suite ${suite}, and refuses another AAD`, async () => {
      const pair = await deriveHpkeKeyPair(suite, bytes(32, 9));
      const box = await hpkeSeal(pair.publicKey, "i", bytes(3, 1), bytes(5, 2));
      expect(await hpkeOpen(pair, "i", bytes(3, 1), box)).toEqual(bytes(5, 2));
      await expect(hpkeOpen(pair, "i", bytes(3, 2), box)).rejects.toMatchObject({ code: "open_failed" });
    });
  }
});

describe("sealing", () => {
  it("refuses a segment that was moved", async () => {
    const context = { kind: "segment", owner: key.publicKey, subject: bytes(32, 4), version: 1, index: 1 } as const;
    const sealed = await sealSegment(bytes(32, 5), context, bytes(100, 6));
    expect(await openSegment(bytes(32, 5), context, sealed)).toEqual(bytes(100, 6));
    await expect(openSegment(bytes(32, 5), { ...context, index: 2 }, sealed)).rejects.toMatchObject({ code: "open_failed" });
  });
});
