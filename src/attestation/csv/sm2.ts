import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { concat, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { sm3 } from "./sm3.js";

// SM2 signature verification (GB/T 32918.2-2016) over the recommended curve of GB/T 32918.5-2017. Verification only:
// nothing here is secret, so speed may depend on values.

const CURVE = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
};
const Point = weierstrass(CURVE);
Point.BASE.precompute(8);

export const SM2_ORDER = CURVE.n;

/** A public key and the identity that its owner signs under. */
export interface Sm2Key { readonly x: bigint; readonly y: bigint; readonly userId: string }
export interface Sm2Signature { readonly r: bigint; readonly s: bigint }

const bytes32 = (value: bigint): Bytes => {
  const out = new Uint8Array(32);
  for (let i = 31, rest = value; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
};
const CURVE_BYTES = concat(...[CURVE.a, CURVE.b, CURVE.Gx, CURVE.Gy].map(bytes32));
const mod = (value: bigint): bigint => ((value % CURVE.n) + CURVE.n) % CURVE.n;

/** Z_A (GB/T 32918.2, 5.5): binds the signer's identity and key. */
export function identityDigest(key: Sm2Key): Bytes {
  const id = utf8(key.userId);
  const bits = id.length * 8;
  return sm3(concat(Uint8Array.of(bits >>> 8, bits & 0xff), id, CURVE_BYTES, bytes32(key.x), bytes32(key.y)));
}

/** False for everything that is no signature by this key of this message: also a point off the curve, r or s out of range. */
export function verifySm2(key: Sm2Key, message: Bytes, signature: Sm2Signature): boolean {
  const { r, s } = signature;
  if (r < 1n || r >= CURVE.n || s < 1n || s >= CURVE.n) return false;
  const t = mod(r + s);
  const publicKey = publicPoint(key);
  if (t === 0n || publicKey === undefined) return false;
  const e = BigInt(`0x${toHex(sm3(concat(identityDigest(key), message)))}`);
  const sum = Point.BASE.multiplyUnsafe(s).add(publicKey.multiplyUnsafe(t));
  return !sum.is0() && mod(e + sum.toAffine().x) === r;
}

function publicPoint(key: Sm2Key): InstanceType<typeof Point> | undefined {
  if (key.x >= CURVE.p || key.y >= CURVE.p || (key.x === 0n && key.y === 0n)) return undefined;
  try {
    const point = Point.fromAffine({ x: key.x, y: key.y });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}
