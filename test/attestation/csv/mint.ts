import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { identityDigest, SM2_ORDER, type Sm2Key } from "../../../src/attestation/csv/sm2.js";
import { hmacSm3, sm3 } from "../../../src/attestation/csv/sm3.js";
import { concat, toBase64, toHex, utf8, type Bytes } from "../../../src/protocol/bytes.js";

// Hygon-shaped evidence under keys of our own, with any part made wrong while every other part stays genuine.

const Point = weierstrass({
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn, n: SM2_ORDER, h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
});
const mod = (v: bigint, m: bigint): bigint => ((v % m) + m) % m;
const inverse = (v: bigint): bigint => {
  let [result, base, e] = [1n, mod(v, SM2_ORDER), SM2_ORDER - 2n];
  for (; e > 0n; e >>= 1n, base = (base * base) % SM2_ORDER) if (e & 1n) result = (result * base) % SM2_ORDER;
  return result;
};
const number = (v: bigint): Bytes => concat(Uint8Array.from(v.toString(16).padStart(64, "0").match(/../g) ?? [], (h) => parseInt(h, 16)).reverse(), new Uint8Array(40));

export interface Signer { readonly secret: bigint; readonly key: Sm2Key }
export function signer(seed: string, userId: string): Signer {
  const secret = mod(BigInt(`0x${toHex(sm3(utf8(seed)))}`), SM2_ORDER - 2n) + 1n;
  const { x, y } = Point.BASE.multiply(secret).toAffine();
  return { secret, key: { x, y, userId } };
}

export function sign({ secret, key }: Signer, message: Bytes): { r: bigint; s: bigint } {
  const e = BigInt(`0x${toHex(sm3(concat(identityDigest(key), message)))}`);
  const k = mod(BigInt(`0x${toHex(sm3(concat(utf8(secret.toString()), message)))}`), SM2_ORDER - 2n) + 1n;
  const r = mod(e + Point.BASE.multiply(k).toAffine().x, SM2_ORDER);
  return { r, s: mod(inverse(1n + secret) * (k - r * secret), SM2_ORDER) };
}

const u32 = (v: number): Bytes => { const out = new Uint8Array(4); new DataView(out.buffer).setUint32(0, v, true); return out; };
const userId = (id: string): Bytes => { const out = new Uint8Array(256); out[0] = id.length; out.set(utf8(id), 2); return out; };
const point = (key: Sm2Key): Bytes => concat(number(key.x), number(key.y));
const signature = (by: Signer, message: Bytes): Bytes => { const { r, s } = sign(by, message); return concat(number(r), number(s)); };

function rootFormat(of: Signer, id: number, usage: number, by: Signer, issuerId: number): Bytes {
  const signed = concat(u32(1), new Uint8Array(16).fill(id), new Uint8Array(16).fill(issuerId), u32(usage), new Uint8Array(24), u32(3), point(of.key), userId(of.key.userId), new Uint8Array(108));
  return concat(signed, signature(by, signed), new Uint8Array(112));
}
const slot = (usage: number, content: Bytes): Bytes => concat(u32(usage), u32(content.length === 0 ? 0 : 4), content, new Uint8Array(512 - content.length));
function endorsedFormat(of: Signer, usage: number, by: Signer, byUsage: number, swap: boolean): Bytes {
  const signed = concat(u32(1), u32(0x101), u32(usage), u32(4), u32(3), point(of.key), userId(of.key.userId), new Uint8Array(624));
  const slots = [slot(byUsage, signature(by, signed)), slot(0x1000, new Uint8Array())];
  return concat(signed, ...(swap ? slots.reverse() : slots));
}

export interface Wrong {
  readonly hskId?: string; readonly cekId?: string; readonly pekId?: string; readonly hskUsage?: number; readonly cekUsage?: number; readonly pekUsage?: number;
  readonly cekSlot?: number; readonly pekSlot?: number; readonly swapCek?: boolean; readonly swapPek?: boolean; readonly policy?: number; readonly hskIssuer?: number;
  readonly reportUsage?: number; readonly mac?: boolean; readonly pekSignedByHsk?: boolean; readonly reportSignedByCek?: boolean;
  /** Written over the mask after signing, with PEK, serial and MAC made to suit. */
  readonly remask?: Bytes; readonly serial?: string;
}
export interface Minted { readonly evidence: Bytes; readonly collateral: Bytes; readonly hrk: Bytes; readonly measure: Bytes; readonly userData: Bytes }

const xor = (bytes: Bytes, mask: Bytes): Bytes => bytes.map((b, i) => b ^ (mask[i % 4] as number));

export function mint(wrong: Wrong = {}): Minted {
  const [hrk, hsk] = [signer("hrk", "HYGON-SSD-HRK"), signer("hsk", wrong.hskId ?? "HYGON-SSD-HSK")];
  const [cek, pek] = [signer("cek", wrong.cekId ?? "HYGON-SSD-CEK"), signer("pek", wrong.pekId ?? "HYGON-SSD-PEK")];
  const hrkBytes = rootFormat(hrk, 1, 0, hrk, 1);
  const hskBytes = rootFormat(hsk, 2, wrong.hskUsage ?? 0x13, hrk, wrong.hskIssuer ?? 1);
  const cekBytes = endorsedFormat(cek, wrong.cekUsage ?? 0x1004, hsk, wrong.cekSlot ?? 0x13, wrong.swapCek === true);
  const pekBytes = endorsedFormat(pek, wrong.pekUsage ?? 0x1002, wrong.pekSignedByHsk === true ? hsk : cek, wrong.pekSlot ?? 0x1004, wrong.swapPek === true);
  const [measure, userData, mnonce] = [sm3(utf8("measure")), new Uint8Array(64).fill(7), new Uint8Array(16).fill(9)];
  const mask = Uint8Array.of(1, 2, 3, 4);
  const head = xor(concat(new Uint8Array(64), userData, mnonce, measure, u32(wrong.policy ?? 1)), mask);
  const reportSignature = signature(wrong.reportSignedByCek === true ? cek : pek, head);
  const finalMask = wrong.remask ?? mask;
  const serial = new Uint8Array(64);
  serial.set(utf8(wrong.serial ?? "SIM0001"));
  const authenticated = concat(xor(pekBytes, finalMask), xor(serial, finalMask), new Uint8Array(32));
  const mac = hmacSm3(xor(xor(mnonce, mask), finalMask), authenticated);
  if (wrong.mac === true) mac[0] = (mac[0] as number) ^ 1;
  const evidence = concat(head, xor(concat(u32(wrong.reportUsage ?? 0x1002), u32(4)), finalMask), finalMask, reportSignature, authenticated, mac);
  return { evidence, collateral: utf8(JSON.stringify({ hskCek: toBase64(concat(hskBytes, cekBytes)) })), hrk: hrkBytes, measure, userData };
}
