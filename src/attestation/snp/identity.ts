import { concat, toHex, type Bytes } from "../../protocol/bytes.js";
import { sha256 } from "../../protocol/hash.js";
import type { SnpReport } from "./report.js";

/** Order of P-384's base point (FIPS 186-5, D.1.2.4). */
const ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
const SCALAR = 48;

/**
 * SHA-256 of signed part and signature. With (r, s) also (r, n - s) verifies, and AMD writes either: the smaller s stands
 * for both, so that nobody can turn evidence that was used into evidence that looks new.
 */
export function reportDigest({ signed, signature }: SnpReport): Bytes {
  const s = BigInt(`0x${toHex(signature.subarray(SCALAR))}`);
  const low = s > ORDER / 2n && s < ORDER ? ORDER - s : s;
  const bytes = Uint8Array.from({ length: SCALAR }, (_, i) => Number((low >> BigInt(8 * (SCALAR - 1 - i))) & 0xffn));
  return sha256(concat(signed, signature.subarray(0, SCALAR), bytes));
}
