import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCertificate } from "../../../src/attestation/x509/certificate.js";
import { parseCrl } from "../../../src/attestation/x509/crl.js";
import { validatePath } from "../../../src/attestation/x509/path.js";
import { parsePem } from "../../../src/attestation/x509/pem.js";
import { fromHex } from "../../../src/protocol/bytes.js";

const FOLDER = resolve(import.meta.dirname, "../../vectors/evidence");
const file = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(FOLDER, ...path)));
const text = (...path: string[]): string => new TextDecoder().decode(file(...path));
const chain = (pem: string) => parsePem(pem).map((der) => parseCertificate(der));

describe("paths of real platforms", () => {
  it("follows Intel's PCK CA with both revocation lists to the pinned root", async () => {
    const collateral = JSON.parse(text("tdx", "phala-v4-ok", "collateral.json")) as Record<string, string>;
    const [signer, ...issuers] = chain(collateral["tcb_info_issuer_chain"] as string);
    const root = parseCertificate(file("roots", "intel-sgx-root-ca.der"));
    const crls = [collateral["root_ca_crl"], collateral["pck_crl"]].map((hex) => parseCrl(fromHex(hex as string)));
    if (signer === undefined) throw new Error("empty chain");
    const at = Date.UTC(2025, 6, 4) / 1000;
    const path = await validatePath({ leaf: signer, issuers, roots: [root], at, crls, requireCrls: true });
    expect(path.root).toBe(root);
    expect(new Date(path.validUntil * 1000).toISOString()).toBe("2026-04-03T11:21:57.000Z");
  });

  it("follows AMD's RSA-PSS path from VCEK to ARK", async () => {
    const vcek = parseCertificate(file("snp", "trustee-milan-vcek-ok", "vek.der"));
    const [ask, ark] = chain(text("roots", "amd-ask_ark_milan.pem"));
    if (ask === undefined || ark === undefined) throw new Error("chain of two expected");
    const path = await validatePath({ leaf: vcek, issuers: [ask], roots: [ark], at: Date.UTC(2025, 5, 1) / 1000, requireCrls: false });
    expect(path.root).toBe(ark);
    expect(path.validUntil).toBe(vcek.notAfter);
  });
});
