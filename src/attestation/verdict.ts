import type { Bytes } from "../protocol/bytes.js";
import type { Anchor } from "../protocol/objects/parts.js";

/** Evidence formats, by the name that `Evidence.platform` and case files use. */
export const TEE_PLATFORMS = ["sgx", "tdx", "snp", "nitro", "az-snp-vtpm", "az-tdx-vtpm", "csv"] as const;
export type TeePlatform = (typeof TEE_PLATFORMS)[number];

/** Intel's TCB statuses, best first (Intel PCS API v4); the rank is the index. Others map onto UpToDate or OutOfDate. */
export const TCB_STATUSES = [
  "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
  "OutOfDateConfigurationNeeded", "Revoked",
] as const;
export type TcbStatus = (typeof TCB_STATUSES)[number];

/** How current the platform is. */
export interface TcbView {
  /** Undefined where the platform has no such notion or the caller asked not to judge it. */
  readonly status: TcbStatus | undefined;
  /** Date of the level that matched, YYYY-MM-DD. */
  readonly date: string | undefined;
  /** Security advisories that the level does not cover, sorted. */
  readonly advisories: readonly string[];
  readonly evaluationNumber: number | undefined;
  /** In words: how far behind the newest level, and what would cure it. Empty when up to date. */
  readonly behind: string;
}

/**
 * What an appraiser found genuine: signatures lead to a pinned root, certificates and collateral are good at the time,
 * debug and like attributes are off. Measurements, products, machines, status and binding are for the policy.
 */
export interface Genuine {
  readonly platform: TeePlatform;
  /** Whose root it is; `sim` exactly when the root came from TrustAnchors.sim. Never read from evidence. */
  readonly anchor: Anchor;
  /** By the platform's own names, lower-case hex: mrtd, rtmr0, mrenclave, mrsigner, measurement, hostData, pcr0, ... */
  readonly measurements: Readonly<Record<string, string>>;
  /** What the evidence is bound to: 64 bytes of report data, or the platform's carriage of it (docs/protocol.md 9). */
  readonly reportData: Bytes;
  /** EAT-style claims besides: attributes, versions, SVNs. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly tcb: TcbView;
  /** Product family where the platform tells, lower case: milan, genoa, turin, or the FMSPC. */
  readonly product: string | undefined;
  /** Which machine: PPID, CHIP_ID, module id, serial; lower-case hex or the platform's text. */
  readonly instance: string;
  /** Unix seconds by the platform's clock, where it has one. */
  readonly issuedAt: number | undefined;
  /** Unix seconds: the first moment at which something that this rests on (collateral, certificate) is out of date. */
  readonly validUntil: number | undefined;
  /** SHA-256 of signed part and signature: framing that no signature covers cannot change it. */
  readonly evidenceDigest: Bytes;
}

/** A platform's trust anchors: X.509 roots as DER, Hygon's HRK in its own format. */
export interface AnchorSet {
  /** SGX and TDX: the DCAP root CA. */
  readonly dcap?: readonly Bytes[];
  /** SNP: ARK and ASK/ASVK pairs by product; only the ARK is a root, the rest is an endorsed intermediate. */
  readonly snp?: readonly SnpChain[];
  readonly nitro?: readonly Bytes[];
  /** Roots of vTPM attestation-key certificates. */
  readonly vtpm?: readonly Bytes[];
  readonly csv?: readonly Bytes[];
}
export interface SnpChain { readonly product: string; readonly signer: "vcek" | "vlek"; readonly ark: Bytes; readonly ask: Bytes }

/** The vendors' own roots, and the simulator's: formats are genuine in both, only the anchor differs. */
export interface TrustAnchors {
  readonly vendor?: AnchorSet;
  readonly sim?: AnchorSet;
}

/** What every appraiser is given. Collateral, anchors and time are the caller's, never the attester's. */
export interface AppraiserInput {
  readonly evidence: Bytes;
  /** UTF-8 JSON in the platform's collateral shape (its file says which), or empty. */
  readonly collateral: Bytes;
  readonly anchors: TrustAnchors;
  /** Unix seconds. */
  readonly at: number;
  /** False only for format studies: then no TCB collateral is demanded and tcb.status is undefined. */
  readonly judgeTcb: boolean;
}

/** @throws evidence_*, certificate_*, collateral_*, qe_identity, tcb_* with the value and the limit in words */
export type Appraiser = (input: AppraiserInput) => Promise<Genuine>;
