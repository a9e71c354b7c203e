// RFC 9180 base mode written from the RFC, apart from the library that the product uses: X25519, HKDF-SHA256.
import { createDecipheriv } from "node:crypto";
import { x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8, type Bytes } from "../../src/protocol/bytes.js";

const AEADS = { 1: { name: "aes-128-gcm", key: 16 }, 2: { name: "aes-256-gcm", key: 32 }, 3: { name: "chacha20-poly1305", key: 32 } } as const;
export type AeadId = keyof typeof AEADS;

const EMPTY = new Uint8Array();
const u16 = (n: number): Bytes => Uint8Array.of(n >> 8, n & 255);
const labeledExtract = (suite: Bytes, salt: Bytes, label: string, ikm: Bytes): Bytes => extract(sha256, concat(utf8("HPKE-v1"), suite, utf8(label), ikm), salt);
const labeledExpand = (suite: Bytes, prk: Bytes, label: string, info: Bytes, length: number): Bytes =>
  expand(sha256, prk, concat(u16(length), utf8("HPKE-v1"), suite, utf8(label), info), length);

/** Opens the message of a sequence number. Throws when it does not verify. */
export function referenceOpen(aead: AeadId, skR: Bytes, enc: Bytes, info: Bytes, aad: Bytes, ciphertext: Bytes, seq = 0): Bytes {
  const kem = concat(utf8("KEM"), u16(32));
  const dh = x25519.getSharedSecret(skR, enc);
  const eae = labeledExtract(kem, EMPTY, "eae_prk", dh);
  const shared = labeledExpand(kem, eae, "shared_secret", concat(enc, x25519.getPublicKey(skR)), 32);
  const suite = concat(utf8("HPKE"), u16(32), u16(1), u16(aead));
  const context = concat(Uint8Array.of(0), labeledExtract(suite, EMPTY, "psk_id_hash", EMPTY), labeledExtract(suite, EMPTY, "info_hash", info));
  const secret = labeledExtract(suite, shared, "secret", EMPTY);
  const key = labeledExpand(suite, secret, "key", context, AEADS[aead].key);
  const nonce = labeledExpand(suite, secret, "base_nonce", context, 12);
  nonce[11] = (nonce[11] as number) ^ (seq & 255);
  nonce[10] = (nonce[10] as number) ^ (seq >> 8);
  const tagAt = ciphertext.length - 16;
  const decipher = createDecipheriv(AEADS[aead].name as "aes-256-gcm", key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(ciphertext.subarray(tagAt)).setAAD(aad, { plaintextLength: tagAt });
  return Uint8Array.from(Buffer.concat([decipher.update(ciphertext.subarray(0, tagAt)), decipher.final()]));
}
