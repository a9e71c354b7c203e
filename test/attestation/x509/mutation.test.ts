import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCertificate } from "../../../src/attestation/x509/certificate.js";
import { parseCrl } from "../../../src/attestation/x509/crl.js";
import { evidenceDigest } from "../../../src/attestation/x509/evidence-digest.js";
import { validatePath } from "../../../src/attestation/x509/path.js";
import { parsePem } from "../../../src/attestation/x509/pem.js";
import { verifySignature } from "../../../src/attestation/x509/signature.js";
import { fromHex, utf8 } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { authority } from "./mint.js";

const runs = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 300);
const FOLDER = resolve(import.meta.dirname, "../../vectors/evidence");
const collateral = JSON.parse(readFileSync(join(FOLDER, "tdx/phala-v4-ok/collateral.json"), "utf8")) as Record<string, string>;
const root = parseCertificate(new Uint8Array(readFileSync(join(FOLDER, "roots/intel-sgx-root-ca.der"))));
const pckCa = parsePem(collateral["pck_crl_issuer_chain"] as string)[0] as Uint8Array;
const signer = parsePem(collateral["tcb_info_issuer_chain"] as string)[0] as Uint8Array;
const rootCrl = fromHex(collateral["root_ca_crl"] as string);
const at = Date.UTC(2025, 6, 4) / 1000;

/** The TCB signer's path with the root's list: everything of it is signed, so nothing of it may change. */
async function verdict(leaf: Uint8Array, list: Uint8Array): Promise<string> {
  try {
    await validatePath({ leaf: parseCertificate(leaf), issuers: [], roots: [root], at, crls: [parseCrl(list)], requireCrls: true });
    return "valid";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

describe("a changed bit is refused", () => {
  it("anywhere in a real certificate", async () => {
    expect(await verdict(signer, rootCrl)).toBe("valid");
    const codes = new Set<string>();
    for (let bit = 0; bit < signer.length * 8; bit++) codes.add(await verdict(flip(signer, bit), rootCrl));
    expect([...codes].sort()).toEqual(["certificate_expired", "certificate_path", "evidence_anchor", "evidence_malformed"]);
  }, 120_000);

  it("anywhere in a real revocation list", async () => {
    const codes = new Set<string>();
    for (let bit = 0; bit < rootCrl.length * 8; bit++) codes.add(await verdict(signer, flip(rootCrl, bit)));
    // Another issuer's name, or a signature that does not verify, or no list at all.
    expect([...codes].sort()).toEqual(["collateral_malformed", "collateral_missing", "collateral_signature"]);
  }, 120_000);
});

describe("hostile bytes are refused as such", () => {
  const spoilt = (genuine: Uint8Array): fc.Arbitrary<Uint8Array> => fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.nat(genuine.length).map((n) => genuine.slice(0, n)),
    fc.record({ at: fc.nat(genuine.length - 1), drop: fc.nat(40), put: fc.uint8Array({ maxLength: 40 }) })
      .map(({ at: i, drop, put }) => Uint8Array.from([...genuine.subarray(0, i), ...put, ...genuine.subarray(i + drop)])),
  ).filter((bytes) => bytes.length !== genuine.length || bytes.some((b, i) => b !== genuine[i]));

  it.each([["certificates", signer], ["issuers", pckCa]])("in place of %s", async (_, genuine) => {
    await fc.assert(fc.asyncProperty(spoilt(genuine), async (der) => {
      expect(await verdict(der, rootCrl)).not.toBe("valid");
    }), { seed: 3, numRuns: runs });
  }, 600_000);

  it("in place of lists", async () => {
    await fc.assert(fc.asyncProperty(spoilt(rootCrl), async (der) => {
      expect(await verdict(signer, der)).toMatch(/^collateral_/);
    }), { seed: 4, numRuns: runs });
  }, 600_000);
});

describe("the digest that evidence is known by", () => {
  it.each([["P-256", 32, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
    ["P-384", 48, 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n]] as const)(
    "is one for both %s signatures that anyone can derive from each other", async (curve, size, order) => {
      const signerKey = await authority("x", curve);
      const message = utf8("signed part");
      const signature = await signerKey.sign(message);
      const s = signature.subarray(size).reduce((n, b) => n * 256n + BigInt(b), 0n);
      const twin = signature.slice();
      twin.set(fromHex((order - s).toString(16).padStart(2 * size, "0")), size);
      const point = signerKey.spki.subarray(signerKey.spki.length - 2 * size - 1);
      const key = { kind: "ec", curve, point, spki: signerKey.spki } as const;
      const scheme = curve === "P-256" ? "ecdsa-p256-sha256" : "ecdsa-p384-sha384";
      expect(await verifySignature(key, scheme, message, twin)).toBe(true);
      expect(evidenceDigest(curve, message, twin)).toEqual(evidenceDigest(curve, message, signature));
      expect(evidenceDigest(curve, utf8("other part"), signature)).not.toEqual(evidenceDigest(curve, message, signature));
    });
});
