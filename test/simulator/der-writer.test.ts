// Promise: what the simulator writes is DER, byte by byte.
import { describe, expect, it } from "vitest";
import { parseCertificate } from "../../src/attestation/x509/certificate.js";
import { parseCrl } from "../../src/attestation/x509/crl.js";
import { toHex, type Bytes } from "../../src/protocol/bytes.js";
import { bitString, context, element, integer, objectId, octetString, sequence, time } from "../../src/simulator/der-writer.js";
import { ecKey } from "../../src/simulator/ec-key.js";
import { deriver, PUBLIC_SIM_SEED } from "../../src/simulator/seed.js";
import { caExtensions, writeCertificate, writeCrl } from "../../src/simulator/x509-writer.js";

const at = (iso: string): number => Date.parse(iso) / 1000;

describe("the DER writer", () => {
  const known: readonly (readonly [string, Bytes, string])[] = [
    ["zero", integer(0), "020100"],
    ["an integer with its top bit on", integer(128), "02020080"],
    ["an integer of many octets", integer(2n ** 64n), "0209010000000000000000"],
    ["an arc of two octets", objectId("1.2.840.10045.2.1"), "06072a8648ce3d0201"],
    ["an arc of three octets", objectId("1.2.840.113741.1.13.1"), "06092a864886f84d010d01"],
    ["bits with some unused", bitString(Uint8Array.of(0x06), 1), "03020106"],
    ["an explicit tag", context(3, octetString(Uint8Array.of(1))), "a303040101"],
    ["nothing in a sequence", sequence(), "3000"],
    ["a time before 2050", time(at("2049-12-31T23:59:59Z")), "170d3439313233313233353935395a"],
    ["a time from 2050 on", time(at("2050-01-01T00:00:00Z")), "180f32303530303130313030303030305a"],
  ];
  it.each(known)("writes %s", (_what, der, hex) => {
    expect(toHex(der)).toBe(hex);
  });

  it.each([[127, "047f"], [128, "048180"], [255, "0481ff"], [256, "04820100"], [65_536, "0483010000"]])("writes the length %i in its shortest form", (length, head) => {
    expect(toHex(element(4, new Uint8Array(length))).slice(0, head.length)).toBe(head);
  });

  it("has no negative integers", () => {
    expect(() => integer(-1)).toThrow(expect.objectContaining({ code: "internal" }));
  });
});

describe("certificates and lists", () => {
  const key = ecKey("P-384", deriver(PUBLIC_SIM_SEED), "test");

  it("read back as they were written", () => {
    const fields = { serial: 0x40ffn, issuer: "SIM issuer", subject: "SIM subject", notBefore: at("2020-01-01T00:00:00Z"), notAfter: at("2060-01-01T00:00:00Z") };
    const found = parseCertificate(writeCertificate({ ...fields, publicKey: key, extensions: caExtensions(2) }, key));
    expect(found).toMatchObject({
      serial: "40ff", issuerName: { commonName: "SIM issuer" }, subjectName: { commonName: "SIM subject" }, notBefore: fields.notBefore,
      notAfter: fields.notAfter, isCa: true, pathLength: 2, signatureScheme: "ecdsa-p384-sha384",
    });
  });

  it.each([["none", [], []], ["two", [1n, 0x80n], ["01", "80"]]] as const)("name the revoked serials: %s", (_count, revoked, serials) => {
    const window = { thisUpdate: at("2026-01-01T00:00:00Z"), nextUpdate: at("2026-01-31T00:00:00Z") };
    const found = parseCrl(writeCrl({ issuer: "SIM issuer", ...window, revoked }, key));
    expect({ ...found, revoked: [...found.revoked] }).toMatchObject({ ...window, revoked: serials });
  });
});
