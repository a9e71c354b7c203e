import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Bytes } from "../bytes.js";
import { fromHex } from "../bytes.js";
import { ensure } from "../errors.js";
import { idBytes, idFromBytes, type BlobId, type LedgerAddress, type Measurement, type PartyKey } from "../ids.js";
import type {
  Evidence as WireEvidence, EvidenceSchema, HpkeBox as WireBox, HpkeKey as WireHpkeKey, Segment as WireSegment, SegmentSchema,
  WorkerIdentity as WireIdentity, WorkerIdentitySchema,
} from "../wire/veritee_pb.js";
import { fieldToBytes, type Field } from "../field.js";
import { bounded, count, element, fixed, list, required, text, within } from "./read.js";

/** 1 X25519, 2 X-Wing (X25519 + ML-KEM-768); KDF HKDF-SHA256 and AEAD AES-256-GCM for both. */
export type HpkeSuite = 1 | 2;
export interface HpkeKey { readonly suite: HpkeSuite; readonly publicKey: Bytes }
export interface HpkeBox { readonly suite: HpkeSuite; readonly enc: Bytes; readonly ciphertext: Bytes }
export interface WorkerIdentity { readonly signingKey: PartyKey; readonly ledgerAddress: LedgerAddress }
export interface Evidence { readonly platform: string; readonly evidence: Bytes; readonly collateral: Bytes }
export interface Segment {
  readonly index: number;
  readonly ciphertext: BlobId;
  readonly ciphertextLength: number;
  /** Absent for a dataset's opening and for models. */
  readonly commitment: Field | undefined;
}

const KEY_BYTES: Record<HpkeSuite, number> = { 1: 32, 2: 1216 };
const ENC_BYTES: Record<HpkeSuite, number> = { 1: 32, 2: 1120 };
/** Bounds of one evidence blob and its collateral, before any parsing. */
export const MAX_EVIDENCE_BYTES = 64 * 1024;
export const MAX_COLLATERAL_BYTES = 512 * 1024;

function readSuite(value: number): HpkeSuite {
  ensure(value === 1 || value === 2, "unsupported", "unknown HPKE suite", { suite: value });
  return value;
}

export function readHpkeKey(name: string, wire: WireHpkeKey | undefined): HpkeKey {
  const key = required(name, wire);
  const suite = readSuite(key.suite);
  return { suite, publicKey: fixed(name, key.publicKey, KEY_BYTES[suite]) };
}

export function readHpkeBox(name: string, wire: WireBox | undefined): HpkeBox {
  const box = required(name, wire);
  const suite = readSuite(box.suite);
  return { suite, enc: fixed(`${name}.enc`, box.enc, ENC_BYTES[suite]), ciphertext: bounded(`${name}.ciphertext`, box.ciphertext, 1 << 20) };
}

export function readIdentity(name: string, wire: WireIdentity | undefined): WorkerIdentity {
  const identity = required(name, wire);
  return {
    signingKey: idFromBytes(identity.signingKey, 32, `${name}.signing_key`),
    ledgerAddress: idFromBytes(identity.ledgerAddress, 20, `${name}.ledger_address`),
  };
}

export const writeIdentity = (identity: WorkerIdentity): MessageInitShape<typeof WorkerIdentitySchema> => ({
  signingKey: idBytes(identity.signingKey),
  ledgerAddress: idBytes(identity.ledgerAddress),
});

export function readEvidence(name: string, wire: WireEvidence | undefined): Evidence {
  const evidence = required(name, wire);
  ensure(evidence.collateral.length <= MAX_COLLATERAL_BYTES, "input_too_large", "collateral too large", { bytes: evidence.collateral.length });
  return {
    platform: text(`${name}.platform`, evidence.platform, 20),
    evidence: bounded(`${name}.evidence`, evidence.evidence, MAX_EVIDENCE_BYTES),
    collateral: Uint8Array.from(evidence.collateral),
  };
}

export const writeEvidence = (evidence: Evidence): MessageInitShape<typeof EvidenceSchema> => ({ ...evidence });

/** Largest sealed segment: a chunk of 320 records is 13 KiB. */
const MAX_SEGMENT_BYTES = 1 << 20;

export function readSegment(wire: WireSegment): Segment {
  return {
    index: within("segment.index", wire.index, 0, 1 << 20),
    ciphertext: idFromBytes(wire.ciphertextSha256, 32, "segment.ciphertext_sha256"),
    ciphertextLength: count("segment.ciphertext_length", wire.ciphertextLength, MAX_SEGMENT_BYTES),
    commitment: wire.commitment.length === 0 ? undefined : element("segment.commitment", wire.commitment),
  };
}

export const writeSegment = (segment: Segment): MessageInitShape<typeof SegmentSchema> => ({
  index: segment.index,
  ciphertextSha256: idBytes(segment.ciphertext),
  ciphertextLength: BigInt(segment.ciphertextLength),
  commitment: segment.commitment === undefined ? new Uint8Array() : fieldToBytes(segment.commitment),
});

/** The trust anchors that exist. `sim` is the simulator's; only a policy that names it accepts it. */
export const ANCHORS = ["sim", "intel", "amd", "aws", "microsoft", "hygon"] as const;
export type Anchor = (typeof ANCHORS)[number];

export function readAnchor(value: string): Anchor {
  const anchor = ANCHORS.find((a) => a === value);
  ensure(anchor !== undefined, "unsupported", "unknown trust anchor", { anchor: value.slice(0, 40) });
  return anchor;
}

/** Which enclaves a holder lets its key go to. Both lists are closed: nothing else is accepted. */
export interface EnclavePolicy {
  readonly allowedMeasurements: readonly Measurement[];
  readonly allowedAnchors: readonly Anchor[];
}

export function readEnclavePolicy(wire: { allowedMeasurements: Bytes[]; allowedAnchors: string[] }): EnclavePolicy {
  return {
    allowedMeasurements: list("allowed_measurements", wire.allowedMeasurements, { min: 1, max: 64 },
      (m) => idFromBytes<Measurement>(bounded("measurement", m, 64), m.length, "measurement")),
    allowedAnchors: list("allowed_anchors", wire.allowedAnchors, { min: 1, max: ANCHORS.length }, readAnchor),
  };
}

export const writeEnclavePolicy = (policy: EnclavePolicy): { allowedMeasurements: Bytes[]; allowedAnchors: string[] } => ({
  allowedMeasurements: policy.allowedMeasurements.map((m) => fromHex(m)),
  allowedAnchors: [...policy.allowedAnchors],
});
