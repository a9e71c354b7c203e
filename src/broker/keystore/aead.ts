import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { lp, type Bytes } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** What a wrapped key is bound to: a box that was moved to another name does not open. Manifest ids stand for dataset and version. */
export const wrapAad = (name: string): Bytes => lp("veritee/keystore/v2", name);

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(key: Bytes, aad: Bytes, plaintext: Bytes): Bytes {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
  return Uint8Array.from(Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
}

/** @throws open_failed */
export function open(key: Bytes, aad: Bytes, box: Bytes): Bytes {
  try {
    const tagAt = box.length - TAG_BYTES;
    const decipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(aad).setAuthTag(box.subarray(tagAt));
    const plaintext = decipher.update(box.subarray(NONCE_BYTES, tagAt));
    decipher.final();
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  } catch {
    throw new VeriteeError("open_failed", "cannot open the key store");
  }
}
