import fc from "fast-check";
import { createHash, createHmac, getHashes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { identityDigest, SM2_ORDER, verifySm2 } from "../../../src/attestation/csv/sm2.js";
import { hmacSm3, sm3 } from "../../../src/attestation/csv/sm3.js";
import { toHex, utf8 } from "../../../src/protocol/bytes.js";
import { sign, signer } from "./mint.js";

const SEED = 20260322;

describe("SM3", () => {
  it("gives the standard's examples (GB/T 32905-2016, annex A)", () => {
    expect(toHex(sm3(utf8("abc")))).toBe("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    expect(toHex(sm3(utf8("abcd".repeat(16))))).toBe("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
  });

  it.skipIf(!getHashes().includes("sm3"))("equals OpenSSL's at every length around the block, and HMAC with it", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 150 }), (message, key) => {
      expect(toHex(sm3(message))).toBe(createHash("sm3").update(message).digest("hex"));
      expect(toHex(hmacSm3(key, message))).toBe(createHmac("sm3", key).update(message).digest("hex"));
    }), { seed: SEED, numRuns: 500 });
    for (let length = 0; length < 200; length++) {
      const message = new Uint8Array(length).fill(length);
      expect(toHex(sm3(message))).toBe(createHash("sm3").update(message).digest("hex"));
    }
  });
});

describe("SM2", () => {
  // GB/T 32918.5-2017, annex A.2.
  const key = {
    x: 0x09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020n,
    y: 0xccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13n,
    userId: "1234567812345678",
  };
  const message = utf8("message digest");
  const signature = {
    r: 0xf5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3n,
    s: 0xb1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aan,
  };

  it("accepts the standard's example", () => {
    expect(toHex(identityDigest(key))).toBe("b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
    expect(verifySm2(key, message, signature)).toBe(true);
  });

  it("refuses another message, identity or key", () => {
    expect(verifySm2(key, utf8("message digesu"), signature)).toBe(false);
    expect(verifySm2({ ...key, userId: "1234567812345679" }, message, signature)).toBe(false);
    expect(verifySm2(signer("other", key.userId).key, message, signature)).toBe(false);
  });

  it("refuses numbers out of range, r + s = n, and points off the curve", () => {
    const { r, s } = signature;
    for (const bad of [{ r: 0n, s }, { r, s: 0n }, { r: SM2_ORDER, s }, { r, s: SM2_ORDER }, { r: r + SM2_ORDER, s }, { r, s: s + SM2_ORDER }, { r, s: SM2_ORDER - r }, { r: -r, s }]) {
      expect(verifySm2(key, message, bad)).toBe(false);
    }
    for (const bad of [{ x: 0n, y: 0n }, { x: key.x, y: key.y ^ 1n }, { x: key.x, y: 1n << 256n }, { x: 1n << 300n, y: key.y }]) {
      expect(verifySm2({ ...key, ...bad }, message, signature)).toBe(false);
    }
  });

  it("verifies what is signed and refuses each single-bit change of it", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.string({ maxLength: 20 }), fc.nat(255), (bytes, seed, bit) => {
      const own = signer(seed, "HYGON-SSD-CEK");
      const made = sign(own, bytes);
      expect(verifySm2(own.key, bytes, made)).toBe(true);
      expect(verifySm2(own.key, bytes, { ...made, r: made.r ^ (1n << BigInt(bit)) })).toBe(false);
      expect(verifySm2(own.key, bytes, { ...made, s: made.s ^ (1n << BigInt(bit)) })).toBe(false);
      const changed = Uint8Array.from(bytes);
      changed[0] = (changed[0] as number) ^ (1 << (bit % 8));
      expect(verifySm2(own.key, changed, made)).toBe(false);
    }), { seed: SEED, numRuns: 25 });
  });
});
