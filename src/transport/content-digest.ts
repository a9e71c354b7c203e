import { createHash } from "node:crypto";
import { equalBytes, fromBase64, toBase64, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";

/** The value of a Content-Digest field for these bytes (RFC 9530, sha-256). Sent with every request, an empty body too. */
export const contentDigest = (body: Bytes): string => `sha-256=:${toBase64(sha256(body))}:`;

/**
 * Compares a body with its Content-Digest. Exactly one sha-256 member is taken: a second algorithm would be a second
 * claim that nobody checks.
 * @throws request_unauthenticated
 */
export function checkContentDigest(header: string, body: Bytes): void {
  const match = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(header.trim());
  ensure(match !== null, "request_unauthenticated", "content-digest is not one sha-256 value");
  const claimed = decode(match[1] as string);
  ensure(equalBytes(claimed, sha256(body)), "request_unauthenticated", "the body does not match its content-digest");
}

function decode(text: string): Bytes {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw new VeriteeError("request_unauthenticated", "content-digest is not base64", {}, { cause });
  }
}

// node:crypto: bodies go up to megabytes, and noble is several times slower.
const sha256 = (body: Bytes): Bytes => Uint8Array.from(createHash("sha256").update(body).digest());
