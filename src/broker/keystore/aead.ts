import { createCipheriv, randomBytes, webcrypto } from "node:crypto";
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

/**
 * What is opened is in one buffer, outside of the garbage collector's reach, for its user to wipe: Node's own ciphers leave copies
 * behind when they cut their output to size, and small typed arrays are moved about with the heap.
 * @throws open_failed
 */
export async function open(key: Bytes, aad: Bytes, box: Bytes): Promise<Bytes> {
  try {
    const imported = await webcrypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: box.subarray(0, NONCE_BYTES), additionalData: aad, tagLength: TAG_BYTES * 8 };
    return new Uint8Array(await webcrypto.subtle.decrypt(how, imported, box.subarray(NONCE_BYTES)));
  } catch {
    throw new VeriteeError("open_failed", "cannot open the key store");
  }
}
