import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { lp, toHex, u32be, type Bytes } from "./bytes.js";
import { ensure, VeriteeError } from "./errors.js";
import { idBytes, type BlobId, type PartyKey } from "./ids.js";

/** Where a sealed segment belongs. It is both the HKDF info and the AAD, so that nothing can be moved (docs/protocol.md 3.2). */
export interface SegmentContext {
  readonly kind: "segment" | "model";
  readonly owner: PartyKey;
  /** Dataset id or model id, 32 bytes. */
  readonly subject: Bytes;
  readonly version: number;
  readonly index: number;
}

export const DATA_KEY_BYTES = 32;
const TAG_BYTES = 16;

function contextBytes(context: SegmentContext): Bytes {
  return lp(`veritee/${context.kind}/v1`, idBytes(context.owner), context.subject, u32be(context.version), u32be(context.index));
}

async function deriveKey(dataKey: Bytes, info: Bytes, use: "encrypt" | "decrypt"): Promise<{ key: CryptoKey; iv: ArrayBuffer }> {
  ensure(dataKey.length === DATA_KEY_BYTES, "input_invalid", "a data key is 32 bytes", { length: dataKey.length });
  const okm = hkdf(sha256, dataKey, undefined, info, 44);
  const key = await crypto.subtle.importKey("raw", okm.slice(0, 32).buffer, "AES-GCM", false, [use]);
  const iv = okm.slice(32).buffer;
  okm.fill(0);
  return { key, iv };
}

/**
 * AES-256-GCM under a key and nonce derived for this one context. Deterministic: the caller must never seal two
 * plaintexts under one data key and context (a dataset version is immutable and has its own data key).
 */
export async function sealSegment(dataKey: Bytes, context: SegmentContext, plaintext: Bytes): Promise<Bytes> {
  const info = contextBytes(context);
  const { key, iv } = await deriveKey(dataKey, info, "encrypt");
  const params = { name: "AES-GCM", iv, additionalData: Uint8Array.from(info) };
  return new Uint8Array(await crypto.subtle.encrypt(params, key, Uint8Array.from(plaintext)));
}

/** @throws open_failed for every reason alike */
export async function openSegment(dataKey: Bytes, context: SegmentContext, ciphertext: Bytes): Promise<Bytes> {
  if (ciphertext.length < TAG_BYTES) throw new VeriteeError("open_failed", "cannot open");
  try {
    const info = contextBytes(context);
    const { key, iv } = await deriveKey(dataKey, info, "decrypt");
    const params = { name: "AES-GCM", iv, additionalData: Uint8Array.from(info) };
    return new Uint8Array(await crypto.subtle.decrypt(params, key, Uint8Array.from(ciphertext)));
  } catch {
    throw new VeriteeError("open_failed", "cannot open");
  }
}

export const blobId = (ciphertext: Bytes): BlobId => toHex(sha256(ciphertext)) as BlobId;
