import { lp, toHex, type Bytes } from "../../protocol/bytes.js";
import { sha256 } from "../../protocol/hash.js";
import type { PublicKey } from "./keys.js";
import { verifySignature, type SignatureScheme } from "./signature.js";

/** About 100 bytes each: hostile input cannot grow it further. */
const LIMIT = 1024;
const genuine = new Set<string>();

/**
 * `verifySignature` for certificates and revocation lists, which come again and again. Only signatures that verified are
 * remembered, by a digest of key, scheme, message and signature, so the answer never differs from a fresh one; validity,
 * roles and revocation are judged anew each time.
 */
export async function verifyRemembered(key: PublicKey, scheme: SignatureScheme, message: Bytes, signature: Bytes): Promise<boolean> {
  const id = toHex(sha256(lp(key.spki, scheme, message, signature)));
  if (genuine.delete(id) || await verifySignature(key, scheme, message, signature)) {
    genuine.add(id);
    if (genuine.size > LIMIT) genuine.delete(genuine.values().next().value as string);
    return true;
  }
  return false;
}

/** Empties the memory: for measurements of cold appraisals. */
export const forgetSignatures = (): void => genuine.clear();
