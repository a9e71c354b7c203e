import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../../src/protocol/bytes.js";
import { R, type Field } from "../../src/protocol/field.js";
import { sha256 } from "../../src/protocol/hash.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";
import {
  endorseDigest, insertDigest, ledgerAddress, ledgerKeyFromRandom, receiptDigest, recoverLedger, revokeDigest, signLedger, sourceKeyOf,
} from "../../src/protocol/ledger-digest.js";

const place = { chainId: 31_337, contract: "00112233445566778899aabbccddeeff00112233" as LedgerAddress };
const word = (v: bigint): string => v.toString(16).padStart(64, "0");
const key = ledgerKeyFromRandom(new Uint8Array(48).fill(7));

describe("digests", () => {
  it("are SHA-256 of the packed fields of docs/protocol.md, section 8", () => {
    const leaf = 5n as Field;
    const head = (domain: string): Uint8Array => concat(sha256(utf8(domain)), fromHex(word(31_337n)), fromHex(place.contract));
    expect(insertDigest(place, leaf)).toEqual(sha256(concat(head("veritee/registry/insert/v1"), fromHex(word(5n)))));
    expect(revokeDigest(place, leaf)).toEqual(sha256(concat(head("veritee/registry/revoke/v1"), fromHex(word(5n)))));
    const signals = { registryRoot: 1n as Field, resultCommitment: (R - 1n) as Field, jobBinding: 3n as Field, asOfDay: 4, sourceClass: 5 };
    expect(receiptDigest(place, "sme-invoice/1", signals)).toEqual(sha256(concat(
      head("veritee/ledger/receipt/v1"), sha256(utf8("sme-invoice/1")), ...[1n, R - 1n, 3n, 4n, 5n].map((v) => fromHex(word(v))))));
    expect(endorseDigest(place, "sme-invoice/1", 6n as Field)).toEqual(sha256(concat(
      head("veritee/source/endorse/v1"), sha256(utf8("sme-invoice/1")), fromHex(word(6n)))));
  });

  it("name a source by the first 31 bytes of SHA-256 over its account, lengths before the parts", () => {
    const bytes = sha256(concat(fromHex("00000011"), utf8("veritee/source/v1"), fromHex("00000014"), fromHex(place.contract)));
    expect(sourceKeyOf(place.contract)).toBe(BigInt(`0x${toHex(bytes.subarray(0, 31))}`));
  });
});

describe("signatures", () => {
  it("give the account back, and another account for another digest", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
      const signature = signLedger(digest, key);
      expect(signature.length).toBe(65);
      expect(recoverLedger(digest, signature)).toBe(ledgerAddress(key));
      expect(() => expect(recoverLedger(sha256(digest), signature)).toBe(ledgerAddress(key))).toThrow();
    }), { seed: 8, numRuns: 20 });
  });

  it("know Ethereum's address of the private key 1", () => {
    expect(ledgerAddress(fromHex(word(1n)))).toBe("7e5f4552091a69125d5dfcb7b8c2659029395bdf");
  });

  it("are refused malformed, with a high s, or with v other than 27 and 28", () => {
    const digest = new Uint8Array(32).fill(9);
    const signature = signLedger(digest, key);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const highS = concat(signature.subarray(0, 32), fromHex(word(order - BigInt(`0x${toHex(signature.subarray(32, 64))}`))),
      Uint8Array.of(signature[64] === 27 ? 28 : 27));
    const zero = new Uint8Array(65).with(64, 27);
    for (const bad of [highS, zero, signature.with(64, 0), signature.with(64, 29), signature.subarray(1), new Uint8Array(0)]) {
      expect(() => recoverLedger(digest, bad)).toThrow(expect.objectContaining({ code: "signature_invalid" }));
    }
  });
});
