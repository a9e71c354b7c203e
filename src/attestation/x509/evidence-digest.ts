import { concat, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import { FIELD_BYTES, type Curve } from "./keys.js";

/** Orders of the base points (FIPS 186-5, D.1.2). */
const ORDER: Readonly<Record<Curve, bigint>> = {
  "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  "P-384": 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

/**
 * SHA-256 of signed part and signature r ‖ s: what evidence is known by. With (r, s) also (r, n - s) verifies, so the
 * smaller s stands for both: nobody can turn evidence that was used into evidence that looks new.
 */
export function evidenceDigest(curve: Curve, signed: Bytes, signature: Bytes): Bytes {
  const size = FIELD_BYTES[curve];
  ensure(signature.length === 2 * size, "internal", "not a raw signature", { length: signature.length });
  const s = BigInt(`0x${toHex(signature.subarray(size))}`);
  const other = ORDER[curve] - s;
  const low = other > 0n && other < s ? other : s;
  const bytes = Uint8Array.from({ length: size }, (_, i) => Number((low >> BigInt(8 * (size - 1 - i))) & 0xffn));
  return sha256(concat(signed, signature.subarray(0, size), bytes));
}
