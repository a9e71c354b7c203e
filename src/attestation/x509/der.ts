import { concat, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError, type ErrorCode } from "../../protocol/errors.js";

/** Identifier octets (X.690 8.1.2) of what certificates and revocation lists are made of. */
export const TAG = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, oid: 0x06, enumerated: 0x0a, utf8String: 0x0c,
  printableString: 0x13, ia5String: 0x16, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31,
} as const;

/** Identifier octet of a constructed context-specific tag, `[n]` with n < 31. */
export const context = (n: number): number => 0xa0 | n;

/** One element: its contents and the whole of it, tag and length included. */
export interface Tlv {
  readonly tag: number;
  readonly value: Bytes;
  readonly raw: Bytes;
}

/**
 * A cursor over DER (X.690 section 10): definite and minimal lengths, single-octet tags, minimal integers, and `end()`
 * refuses what is left over. It descends only where its caller asks, so depth is bounded by the code that reads.
 */
export class DerReader {
  #at = 0;

  /** @param code of every refusal: evidence_malformed or collateral_malformed, by where the bytes came from */
  constructor(readonly bytes: Bytes, readonly code: ErrorCode = "evidence_malformed") {}

  fail(message: string): never {
    throw new VeriteeError(this.code, `not strict DER: ${message}`, { offset: this.#at });
  }

  get done(): boolean {
    return this.#at === this.bytes.length;
  }

  /** @throws its code when bytes are left */
  end(): void {
    if (!this.done) this.fail("unexpected element");
  }

  peek(tag: number): boolean {
    return this.bytes[this.#at] === tag;
  }

  /** The next element, of this tag when one is given. */
  next(tag?: number): Tlv {
    const { bytes } = this;
    const start = this.#at;
    const found = bytes[start];
    if (found === undefined) this.fail("truncated");
    if (tag !== undefined && found !== tag) this.fail(`tag 0x${found.toString(16)} where 0x${tag.toString(16)} belongs`);
    if ((found & 0x1f) === 0x1f) this.fail("multi-octet tag");
    const { length, from } = this.#length(start + 1);
    const to = from + length;
    if (to > bytes.length) this.fail("element longer than what holds it");
    this.#at = to;
    return { tag: found, value: bytes.subarray(from, to), raw: bytes.subarray(start, to) };
  }

  optional(tag: number): Tlv | undefined {
    return this.peek(tag) ? this.next(tag) : undefined;
  }

  /** Reads into a constructed element; the caller calls `end()` on what it returns. */
  enter(tag: number): DerReader {
    return new DerReader(this.next(tag).value, this.code);
  }

  sequence(): DerReader {
    return this.enter(TAG.sequence);
  }

  boolean(): boolean {
    const { value } = this.next(TAG.boolean);
    if (value.length !== 1 || (value[0] !== 0x00 && value[0] !== 0xff)) this.fail("boolean");
    return value[0] === 0xff;
  }

  /** A non-negative INTEGER without its sign octet; zero is one zero octet. */
  unsigned(tag: number = TAG.integer): Bytes {
    const { value } = this.next(tag);
    const [first, second] = value;
    if (first === undefined) this.fail("empty integer");
    if (first >= 0x80) this.fail("negative integer");
    if (first === 0 && second !== undefined && second < 0x80) this.fail("padded integer");
    return first === 0 && value.length > 1 ? value.subarray(1) : value;
  }

  /** A non-negative INTEGER below 2^31. */
  small(tag: number = TAG.integer): number {
    const bytes = this.unsigned(tag);
    if (bytes.length > 4) this.fail("integer too large");
    const value = bytes.reduce((n, b) => n * 256 + b, 0);
    if (value > 0x7fffffff) this.fail("integer too large");
    return value;
  }

  null(): void {
    if (this.next(TAG.null).value.length > 0) this.fail("null with contents");
  }

  /** Dotted decimal. */
  oid(): string {
    return decodeOid(this.next(TAG.oid).value) ?? this.fail("object identifier");
  }

  octets(): Bytes {
    return this.next(TAG.octetString).value;
  }

  /** A BIT STRING of whole octets. */
  bits(): Bytes {
    const { value } = this.next(TAG.bitString);
    if (value[0] !== 0) this.fail("bit string of whole octets expected");
    return value.subarray(1);
  }

  #length(at: number): { length: number; from: number } {
    const first = this.bytes[at];
    if (first === undefined) this.fail("truncated");
    if (first < 0x80) return { length: first, from: at + 1 };
    const octets = first & 0x7f;
    if (octets === 0 || octets > 3) this.fail(octets === 0 ? "indefinite length" : "length of more than 3 octets");
    const from = at + 1 + octets;
    if (from > this.bytes.length) this.fail("truncated");
    const length = this.bytes.subarray(at + 1, from).reduce((n, b) => n * 256 + b, 0);
    if (length < 0x80 || length < 256 ** (octets - 1)) this.fail("length not minimal");
    return { length, from };
  }
}

/** Bounds the input, then reads all of it. */
export function readDer<T>(bytes: Bytes, limit: number, code: ErrorCode, read: (reader: DerReader) => T): T {
  ensure(bytes.length <= limit, code, "DER too large", { bytes: bytes.length, limit });
  const reader = new DerReader(bytes, code);
  const result = read(reader);
  reader.end();
  return result;
}

const MAX_OID_OCTETS = 32;

function decodeOid(bytes: Bytes): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_OID_OCTETS || (bytes.at(-1) as number) >= 0x80) return undefined;
  const arcs: number[] = [];
  let arc = 0;
  let fresh = true;
  for (const byte of bytes) {
    if (fresh && byte === 0x80) return undefined;
    arc = arc * 128 + (byte & 0x7f);
    if (arc > 0xffffffff) return undefined;
    fresh = byte < 0x80;
    if (fresh) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [head, ...rest] = arcs as [number, ...number[]];
  const first = Math.min(Math.floor(head / 40), 2);
  return [first, head - first * 40, ...rest].join(".");
}

/** Writes one element in DER. */
export function encodeDer(tag: number, ...parts: readonly Bytes[]): Bytes {
  const value = concat(...parts);
  const { length } = value;
  ensure(length < 0x1000000, "internal", "DER element too large", { length });
  const octets = length < 0x80 ? [] : length < 0x100 ? [length] : length < 0x10000 ? [length >> 8, length] : [length >> 16, length >> 8, length];
  return concat(Uint8Array.of(tag, ...(octets.length === 0 ? [length] : [0x80 | octets.length, ...octets])), value);
}

/** A non-negative INTEGER of big-endian bytes. */
export function encodeUnsigned(bytes: Bytes): Bytes {
  const from = bytes.findIndex((b) => b !== 0);
  const digits = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  return encodeDer(TAG.integer, (digits[0] as number) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(), digits);
}

