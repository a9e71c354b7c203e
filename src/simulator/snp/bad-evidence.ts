import { LONG_AGO } from "../pki.js";
import type { BadOf } from "../platform.js";
import type { SnpOptions } from "./snp.js";

const OTHER_TCB = { fmc: 1, bootloader: 9, tee: 0, snp: 22, microcode: 72 };
const VLEK_SIGNS = 1 << 2;
const CHIP_KEY_MASKED = 1 << 1;

export const SNP_BAD_EVIDENCE: readonly BadOf<SnpOptions>[] = [
  ["uncertified-key", "evidence_signature", { uncertifiedKey: true }],
  ["chip-key-masked", "evidence_signature", { report: { keyInfo: CHIP_KEY_MASKED } }],
  ["unknown-version", "evidence_malformed", { report: { version: 6 } }],
  ["no-signature-algorithm", "evidence_malformed", { report: { signatureAlgorithm: 0 } }],
  ["vmpl-out-of-range", "evidence_malformed", { report: { vmpl: 4 } }],
  ["migration-agent", "evidence_attributes", { report: { policy: 0x70000n } }],
  ["reserved-policy-bit-clear", "evidence_attributes", { report: { policy: 0x10000n } }],
  ["unknown-policy-bit", "evidence_attributes", { report: { policy: 0x30000n | (1n << 40n) } }],
  ["other-chip", "certificate_role", { vek: { hardwareId: new Uint8Array(64).fill(7) } }],
  ["tcb-of-another-key", "certificate_role", { vek: { tcb: OTHER_TCB } }],
  ["reported-tcb-raised", "certificate_role", { report: { reportedTcb: { ...OTHER_TCB, snp: 24 } } }],
  ["vcek-for-vlek", "certificate_role", { report: { keyInfo: VLEK_SIGNS } }],
  ["wrong-role", "certificate_role", { vek: { commonName: "SIM SEV-OTHER" } }],
  ["certificate-expired", "certificate_expired", { vek: { notAfter: LONG_AGO } }],
  ["leaf-is-a-ca", "certificate_path", { vek: { authority: true } }],
  ["issued-by-an-endorsement-key", "evidence_anchor", { vek: { issuer: "endorsement-key" } }],
  ["vek-revoked", "certificate_revoked", { revoked: "vek" }],
  ["ask-revoked", "certificate_revoked", { revoked: "ask" }],
  ["crl-garbage", "collateral_malformed", { crl: "garbage" }],
  ["crl-stale", "collateral_expired", { crl: "stale" }],
  ["crl-of-tomorrow", "collateral_expired", { crl: "future" }],
  ["crl-of-another-issuer", "collateral_signature", { crl: "other-issuer" }],
  ["crl-with-bad-signature", "collateral_signature", { crl: "bad-signature" }],
];
