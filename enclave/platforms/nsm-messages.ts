// The two messages of the Nitro security module that a worker needs, in CBOR (RFC 8949). Written out rather than by a
// package: a general decoder would be the larger part of the measured set.
import { concat, toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import { ensure, VeriteeError } from "../../src/protocol/errors.js";

const BYTES = 2 << 5;
const TEXT = 3 << 5;
const MAP = 5 << 5;
const NULL = 0xf6;

/** {"Attestation": {"user_data": bytes, "nonce": null, "public_key": null}} */
export const attestationRequest = (userData: Bytes): Bytes => concat(
  head(MAP, 1), text("Attestation"), head(MAP, 3),
  text("user_data"), head(BYTES, userData.length), userData,
  text("nonce"), Uint8Array.of(NULL), text("public_key"), Uint8Array.of(NULL),
);

/**
 * The document in {"Attestation": {"document": bytes}}, which must be the whole message.
 * @throws service_unavailable when the module answers {"Error": text}, evidence_malformed for anything else
 */
export function attestationDocument(response: Bytes): Bytes {
  const reader = new Reader(response);
  reader.expect(MAP, 1);
  const kind = reader.text();
  if (kind === "Error") throw new VeriteeError("service_unavailable", "the security module refuses", { reason: reader.text().slice(0, 40) });
  ensure(kind === "Attestation", "evidence_malformed", "the security module answered something else");
  reader.expect(MAP, 1);
  ensure(reader.text() === "document", "evidence_malformed", "the security module's answer holds no document");
  const document = reader.take(reader.head(BYTES));
  ensure(reader.ended, "evidence_malformed", "bytes after the security module's answer");
  return document;
}

function head(major: number, length: number): Bytes {
  if (length < 24) return Uint8Array.of(major | length);
  return length < 256 ? Uint8Array.of(major | 24, length) : Uint8Array.of(major | 25, length >> 8, length & 0xff);
}

const text = (value: string): Bytes => concat(head(TEXT, value.length), utf8(value));

/** Definite lengths of up to four bytes. */
class Reader {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Bytes {
    ensure(length <= this.#bytes.length - this.#at, "evidence_malformed", "the security module's answer is cut short");
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** Length of an item that must be of this type. */
  head(major: number): number {
    const first = this.take(1)[0] as number;
    const additional = first & 0x1f;
    ensure((first & 0xe0) === major && additional <= 26, "evidence_malformed", "the security module's answer has another shape");
    return additional < 24 ? additional : Number.parseInt(toHex(this.take(1 << (additional - 24))), 16);
  }

  expect(major: number, length: number): void {
    ensure(this.head(major) === length, "evidence_malformed", "the security module's answer has another shape");
  }

  text(): string {
    return Buffer.from(this.take(this.head(TEXT))).toString("latin1");
  }
}
