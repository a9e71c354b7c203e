import { fromHex } from "../../protocol/bytes.js";
import type { ErrorCode } from "../../protocol/errors.js";
import { LONG_AGO, type CrlFlaw } from "../pki.js";
import type { BadOf } from "../platform.js";
import type { SignedTextFlaw, TdxOptions } from "./tdx.js";

const teeTcbSvn = (module: number, major: number) => Uint8Array.of(module, major, 2, ...new Uint8Array(13));
const attributes = (hex: string): TdxOptions => ({ body: { tdAttributes: fromHex(hex) } });

/** A list of another issuer leaves the certificates without one. */
const CRL_CODES: Readonly<Record<CrlFlaw, ErrorCode>> = {
  absent: "collateral_missing", garbage: "collateral_malformed", stale: "collateral_expired", future: "collateral_expired",
  "other-issuer": "collateral_missing", "bad-signature": "collateral_signature",
};
const TEXT_CODES: Readonly<Record<SignedTextFlaw, ErrorCode>> = {
  absent: "collateral_missing", stale: "collateral_expired", future: "collateral_expired", "bad-signature": "collateral_signature",
  "wrong-role": "certificate_role", "not-json": "collateral_malformed",
};

const each = <F extends string>(prefix: string, codes: Readonly<Record<F, ErrorCode>>, options: (flaw: F) => TdxOptions): BadOf<TdxOptions>[] =>
  (Object.keys(codes) as F[]).map((flaw) => [`${prefix}-${flaw}`, codes[flaw], options(flaw)]);

export const TDX_BAD_EVIDENCE: readonly BadOf<TdxOptions>[] = [
  ["uncertified-key", "evidence_signature", { uncertifiedKey: true }],
  ["under-test", "evidence_attributes", attributes("0200001000000000")],
  ["exceptions-injectable", "evidence_attributes", attributes("0000000000000000")],
  ["migratable", "evidence_attributes", attributes("0000003000000000")],
  ["performance-monitoring", "evidence_attributes", attributes("0000001000000080")],
  ["other-module-signer", "evidence_attributes", { body: { mrSignerSeam: new Uint8Array(48).fill(1) } }],
  ["low-module-svn", "tcb_not_listed", { body: { teeTcbSvn: teeTcbSvn(1, 1) } }],
  ["unknown-module", "tcb_not_listed", { body: { teeTcbSvn: teeTcbSvn(5, 9) } }],
  ["below-every-level", "tcb_not_listed", { behind: 2 }],
  ["platform-revoked", "tcb_revoked", { platform: { status: "Revoked", advisories: ["SIM-SA-00002"] } }],
  ["module-revoked", "tcb_revoked", { module: { status: "Revoked", advisories: ["SIM-SA-00002"] } }],
  ["quoting-enclave-revoked", "tcb_revoked", { enclaveLevel: { status: "Revoked", advisories: ["SIM-SA-00002"] } }],
  ["quoting-enclave-too-old", "qe_identity", { enclave: { isvSvn: 1 } }],
  ["quoting-enclave-of-another-signer", "qe_identity", { enclave: { mrSigner: new Uint8Array(32).fill(1) } }],
  ["quoting-enclave-debug", "qe_identity", { enclave: { attributes: fromHex("1700000000000000e700000000000000") } }],
  ["collateral-of-another-platform", "collateral_missing", { fmspc: fromHex("51a0d0000002") }],
  ["pck-revoked", "certificate_revoked", { revoked: "pck" }],
  ["pck-ca-revoked", "certificate_revoked", { revoked: "pckCa" }],
  ["tcb-signer-revoked", "certificate_revoked", { revoked: "tcbSigner" }],
  ["pck-wrong-role", "certificate_role", { pck: { commonName: "SIM SGX Other Certificate" } }],
  ["pck-of-a-ca-without-the-role", "certificate_role", { pck: { issuer: "other-ca" } }],
  ["pck-issued-by-a-pck", "certificate_path", { pck: { issuer: "pck" } }],
  ["pck-is-a-ca", "certificate_path", { pck: { authority: true } }],
  ["pck-expired", "certificate_expired", { pck: { notAfter: LONG_AGO } }],
  ...each("pck-crl", CRL_CODES, (pckCrl) => ({ pckCrl })),
  ...each("root-crl", CRL_CODES, (rootCrl) => ({ rootCrl })),
  ...each("tcb-info", TEXT_CODES, (tcbInfo) => ({ tcbInfo })),
  ...each("qe-identity", TEXT_CODES, (qeIdentity) => ({ qeIdentity })),
];
