import type { Bytes } from "../protocol/bytes.js";
import type { Measurement } from "../protocol/ids.js";
import type { Anchor, EnclavePolicy, Evidence } from "../protocol/objects/parts.js";

/**
 * The roots a relying party has pinned, by trust anchor. A root that is absent refuses everything that claims to descend
 * from it; nothing inside evidence or collateral ever adds one.
 */
export interface TrustRoots {
  /** Ed25519 public keys of simulator roots. */
  readonly sim?: readonly Bytes[];
}

/** What a platform's own format says once its signatures have been followed to a pinned root. */
export interface PlatformClaims {
  readonly measurement: Measurement;
  /** 64 bytes. */
  readonly reportData: Bytes;
  readonly debug: boolean;
  /** Unix seconds, by the platform's clock. */
  readonly issuedAt: number;
  /** Which machine, lower-case hex. */
  readonly instance: string;
  readonly tcb: number;
  /** SHA-256 of signed part and signature: unsigned framing cannot change it (a replay table's key). */
  readonly evidenceDigest: Bytes;
}

/** One TEE's format. `authenticate` follows signatures to a root; policy is applied by appraise() alone. */
export interface PlatformAppraiser {
  readonly platform: string;
  /** Fixed by the platform, never read from evidence. */
  readonly anchor: Anchor;
  /** Bytes, checked before any parsing. */
  readonly limits: { readonly evidence: number; readonly collateral: number };
  /** @throws evidence_malformed, evidence_anchor, evidence_signature, evidence_expired */
  authenticate(evidence: Evidence, roots: TrustRoots, atUnixSeconds: number): PlatformClaims;
}

/**
 * Which evidence is accepted. `authenticity` asks only whether it is genuine, fresh and bound: the caller then judges
 * measurement and anchor itself (a receipt's verifier, which shows them). Debug enclaves are refused under every policy.
 */
export type AppraisalPolicy = EnclavePolicy | "authenticity";

/** Claims of evidence that was appraised and accepted. */
export interface Claims extends PlatformClaims {
  readonly platform: string;
  readonly anchor: Anchor;
  /** True exactly when the anchor is the simulator's. */
  readonly simulated: boolean;
  readonly debug: false;
}
