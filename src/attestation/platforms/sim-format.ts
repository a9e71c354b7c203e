// The simulator's evidence, byte by byte. Integers are big endian, every length is fixed, and every byte is signed:
//
//   quote       offset  length            certificate   offset  length
//   "VSQ1"      0       4                 "VSC1"        0       4
//   measurement 4       48                root key      4       32     which SIM root signed; believed only if pinned
//   report data 52      64                platform key  36      32
//   flags       116     4   bit 0 debug   instance      68      16
//   tcb         120     4                 not before    84      8      Unix seconds, inclusive
//   issued at   124     8   Unix seconds  not after     92      8      Unix seconds, exclusive
//   instance    132     16                signature     100     64     Ed25519 by the root
//   signature   148     64  Ed25519 by the platform key
//
// evidence = quote ‖ certificate, 376 bytes; there is no collateral. Signatures are over lp(domain, unsigned bytes).
import { concat, lp, u32be, utf8, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";

export const SIM_QUOTE_BYTES = 212;
export const SIM_CERTIFICATE_BYTES = 164;
export const SIM_EVIDENCE_BYTES = SIM_QUOTE_BYTES + SIM_CERTIFICATE_BYTES;
const SIGNATURE_BYTES = 64;
const DEBUG_FLAG = 1;

export interface SimQuoteBody {
  readonly measurement: Bytes;
  readonly reportData: Bytes;
  readonly debug: boolean;
  readonly tcb: number;
  readonly issuedAt: number;
  readonly instance: Bytes;
}

export interface SimCertificateBody {
  readonly rootKey: Bytes;
  readonly platformKey: Bytes;
  readonly instance: Bytes;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A parsed part with the exact bytes that its signature covers. */
interface SignedPart<T> {
  readonly body: T;
  readonly unsigned: Bytes;
  readonly signature: Bytes;
}

export interface SimEvidence {
  readonly quote: SignedPart<SimQuoteBody>;
  readonly certificate: SignedPart<SimCertificateBody>;
}

export const simQuoteMessage = (unsigned: Bytes): Bytes => lp("veritee/sim-quote/v1", unsigned);
export const simCertificateMessage = (unsigned: Bytes): Bytes => lp("veritee/sim-certificate/v1", unsigned);

export const encodeSimQuote = (q: SimQuoteBody): Bytes =>
  concat(utf8("VSQ1"), q.measurement, q.reportData, u32be(q.debug ? DEBUG_FLAG : 0), u32be(q.tcb), u64be(q.issuedAt), q.instance);

export const encodeSimCertificate = (c: SimCertificateBody): Bytes =>
  concat(utf8("VSC1"), c.rootKey, c.platformKey, c.instance, u64be(c.notBefore), u64be(c.notAfter));

/** Parses; checks no signature. @throws evidence_malformed */
export function decodeSimEvidence(bytes: Bytes): SimEvidence {
  ensure(bytes.length === SIM_EVIDENCE_BYTES, "evidence_malformed", "simulated evidence has another length",
    { expected: SIM_EVIDENCE_BYTES, found: bytes.length });
  return {
    quote: signedPart(bytes.slice(0, SIM_QUOTE_BYTES), "VSQ1", readQuote),
    certificate: signedPart(bytes.slice(SIM_QUOTE_BYTES), "VSC1", readCertificate),
  };
}

function signedPart<T>(bytes: Bytes, magic: string, read: (bytes: Bytes) => T): SignedPart<T> {
  ensure(utf8(magic).every((b, i) => bytes[i] === b), "evidence_malformed", `no ${magic} where it belongs`);
  const split = bytes.length - SIGNATURE_BYTES;
  return { body: read(bytes), unsigned: bytes.slice(0, split), signature: bytes.slice(split) };
}

function readQuote(bytes: Bytes): SimQuoteBody {
  const flags = readUint(bytes, 116, 4);
  ensure((flags & ~DEBUG_FLAG) === 0, "evidence_malformed", "unknown flags", { flags });
  return {
    measurement: bytes.slice(4, 52),
    reportData: bytes.slice(52, 116),
    debug: flags === DEBUG_FLAG,
    tcb: readUint(bytes, 120, 4),
    issuedAt: readUint(bytes, 124, 8),
    instance: bytes.slice(132, 148),
  };
}

const readCertificate = (bytes: Bytes): SimCertificateBody => ({
  rootKey: bytes.slice(4, 36),
  platformKey: bytes.slice(36, 68),
  instance: bytes.slice(68, 84),
  notBefore: readUint(bytes, 84, 8),
  notAfter: readUint(bytes, 92, 8),
});

function readUint(bytes: Bytes, offset: number, length: number): number {
  const value = bytes.subarray(offset, offset + length).reduce((sum, b) => sum * 256 + b, 0);
  ensure(Number.isSafeInteger(value), "evidence_malformed", "number too large", { offset });
  return value;
}

function u64be(value: number): Bytes {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}
