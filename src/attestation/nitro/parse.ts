import { encode } from "cborg";
import { equalBytes, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { decodeCbor } from "./cbor.js";

/** A document of the Nitro secure module, parsed only. */
export interface NitroDocument {
  readonly moduleId: string;
  /** Unix milliseconds by the module's clock. */
  readonly timestamp: number;
  /** By index, 0 to 31; 48 bytes each. */
  readonly pcrs: ReadonlyMap<number, Bytes>;
  readonly certificate: Bytes;
  /** Root first, the leaf's issuer last. */
  readonly cabundle: readonly Bytes[];
  readonly publicKey: Bytes | undefined;
  readonly userData: Bytes | undefined;
  readonly nonce: Bytes | undefined;
  /** The Sig_structure that the signature covers (RFC 9052 4.4). */
  readonly signed: Bytes;
  /** r ‖ s, 96 bytes. */
  readonly signature: Bytes;
}

export const MAX_DOCUMENT_BYTES = 16 * 1024;
/** Tag 18, COSE_Sign1, in its one octet. */
const TAG_18 = 0xd2;
/** The map {1: -35}: algorithm ES384 and nothing else. */
const ES384_HEADER = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
const SIGNATURE_BYTES = 96;
const PCR_BYTES = 48;
const MAX_PCRS = 32;
const MAX_CERTIFICATE_BYTES = 1024;
/** With leaf: the eight certificates of a path. */
const MAX_CABUNDLE = 7;
const FIELDS: ReadonlySet<unknown> = new Set(["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle", "public_key", "user_data", "nonce"]);
/** Letters, digits and what else AWS puts into identifiers; at most 128. */
const MODULE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const malformed: (condition: boolean, message: string) => asserts condition = (condition, message) => {
  ensure(condition, "evidence_malformed", message);
};

/**
 * Parses a COSE_Sign1 document: the frame in its one encoding (only tag 18 is optional), the payload as the module wrote it.
 * @throws evidence_malformed
 */
export function parseDocument(bytes: Bytes): NitroDocument {
  ensure(bytes.length <= MAX_DOCUMENT_BYTES, "evidence_malformed", "document too large", { bytes: bytes.length, limit: MAX_DOCUMENT_BYTES });
  const frame = decodeCbor(bytes[0] === TAG_18 ? bytes.subarray(1) : bytes, { allowIndefinite: false });
  malformed(Array.isArray(frame) && frame.length === 4, "not a COSE_Sign1 array of 4");
  const [header, unprotected, payload, signature] = frame as [unknown, unknown, unknown, unknown];
  malformed(header instanceof Uint8Array && equalBytes(header, ES384_HEADER), "protected header other than {1: -35} (ES384)");
  malformed(unprotected instanceof Map && unprotected.size === 0, "unprotected header not empty");
  malformed(payload instanceof Uint8Array, "payload is no byte string");
  malformed(signature instanceof Uint8Array && signature.length === SIGNATURE_BYTES, "signature is not 96 bytes");
  const signed = encode(["Signature1", header, new Uint8Array(), payload]);
  return { ...readPayload(payload), signed, signature };
}

function readPayload(payload: Bytes): Omit<NitroDocument, "signed" | "signature"> {
  const map = decodeCbor(payload, { allowIndefinite: true });
  malformed(map instanceof Map, "payload is no map");
  for (const key of map.keys()) malformed(FIELDS.has(key), "unknown field in the payload");
  const moduleId: unknown = map.get("module_id");
  malformed(typeof moduleId === "string" && MODULE_ID.test(moduleId), "module_id");
  malformed(map.get("digest") === "SHA384", "digest other than SHA384");
  const timestamp: unknown = map.get("timestamp");
  malformed(typeof timestamp === "number" && Number.isSafeInteger(timestamp) && timestamp > 0, "timestamp");
  return {
    moduleId, timestamp, pcrs: readPcrs(map.get("pcrs")),
    certificate: readBytes(map.get("certificate"), "certificate", 1, MAX_CERTIFICATE_BYTES), cabundle: readCabundle(map.get("cabundle")),
    publicKey: readOptional(map.get("public_key"), "public_key", 1024), userData: readOptional(map.get("user_data"), "user_data", 512),
    nonce: readOptional(map.get("nonce"), "nonce", 512),
  };
}

function readPcrs(pcrs: unknown): ReadonlyMap<number, Bytes> {
  malformed(pcrs instanceof Map && pcrs.size >= 1 && pcrs.size <= MAX_PCRS, "pcrs is no map of 1 to 32");
  return new Map([...(pcrs as ReadonlyMap<unknown, unknown>)].map(([index, value]) => {
    malformed(typeof index === "number" && Number.isInteger(index) && index >= 0 && index < MAX_PCRS, "PCR index");
    return [index, readBytes(value, "PCR", PCR_BYTES, PCR_BYTES)];
  }));
}

function readCabundle(bundle: unknown): readonly Bytes[] {
  malformed(Array.isArray(bundle) && bundle.length >= 1 && bundle.length <= MAX_CABUNDLE, "cabundle is no list of 1 to 7");
  return bundle.map((der: unknown) => readBytes(der, "cabundle", 1, MAX_CERTIFICATE_BYTES));
}

function readBytes(value: unknown, what: string, min: number, max: number): Bytes {
  const fits = value instanceof Uint8Array && value.length >= min && value.length <= max;
  malformed(fits, `${what} is no byte string of ${min === max ? String(min) : `${String(min)} to ${String(max)}`} bytes`);
  return value;
}

/** Absent and null are the same. */
const readOptional = (value: unknown, what: string, max: number): Bytes | undefined =>
  value === undefined || value === null ? undefined : readBytes(value, what, 0, max);
