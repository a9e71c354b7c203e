import { LONG_AGO } from "../pki.js";
import type { BadOf } from "../platform.js";
import type { NitroOptions } from "./nitro.js";

const FAR_AHEAD = 2_400_000_000;
const ES256 = -7;

export const NITRO_BAD_EVIDENCE: readonly BadOf<NitroOptions>[] = [
  ["uncertified-key", "evidence_signature", { uncertifiedKey: true }],
  ["other-algorithm", "evidence_malformed", { algorithm: ES256 }],
  ["nonce-too-long", "evidence_malformed", { nonce: new Uint8Array(513) }],
  ["public-key-too-long", "evidence_malformed", { publicKey: new Uint8Array(1025) }],
  ["short-register", "evidence_malformed", { pcrs: { 0: new Uint8Array(32).fill(1) } }],
  ["one-register-of-zeros", "evidence_debug", { pcrs: { 2: new Uint8Array(48) } }],
  ["clock-behind", "evidence_expired", { issuedAt: LONG_AGO }],
  ["leaf-expired", "certificate_expired", { leaf: { notBefore: LONG_AGO - 3 * 3600, notAfter: LONG_AGO } }],
  ["leaf-of-the-future", "certificate_expired", { leaf: { notBefore: FAR_AHEAD, notAfter: FAR_AHEAD + 3 * 3600 } }],
  ["leaf-is-a-ca", "certificate_path", { leaf: { authority: true } }],
  ["issuer-is-no-ca", "certificate_path", { endEntityIssuer: true }],
  ["broken-bundle", "certificate_path", { brokenBundle: true }],
];
