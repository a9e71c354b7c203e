import { concat, type Bytes } from "../../protocol/bytes.js";

// SM3 (GB/T 32905-2016): 256-bit hash, 64-byte blocks, big endian.

const IV = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e] as const;
const BLOCK_BYTES = 64;

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
const p0 = (x: number): number => x ^ rotl(x, 9) ^ rotl(x, 17);
const p1 = (x: number): number => x ^ rotl(x, 15) ^ rotl(x, 23);
/** T_j already rotated by j (4.2). */
const CONSTANTS = Int32Array.from({ length: 64 }, (_, j) => rotl(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));

/** @param message any length below 2^32 bytes */
export function sm3(message: Bytes): Bytes {
  const state = Int32Array.from(IV);
  const words = new Int32Array(68);
  const padded = pad(message);
  for (let offset = 0; offset < padded.byteLength; offset += BLOCK_BYTES) compress(state, words, padded, offset);
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  state.forEach((word, i) => view.setInt32(i * 4, word));
  return out;
}

/** HMAC (RFC 2104) with SM3. */
export function hmacSm3(key: Bytes, message: Bytes): Bytes {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sm3(key) : key);
  const inner = sm3(concat(block.map((b) => b ^ 0x36), message));
  return sm3(concat(block.map((b) => b ^ 0x5c), inner));
}

/** 5.2: a one bit, zeros, the length in bits as 64 bits. */
function pad(message: Bytes): DataView {
  const out = new Uint8Array(Math.ceil((message.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  out.set(message);
  out[message.length] = 0x80;
  const view = new DataView(out.buffer);
  view.setBigUint64(out.length - 8, BigInt(message.length) * 8n);
  return view;
}

/** 5.3.2 and 5.3.3. */
function compress(state: Int32Array, w: Int32Array, input: DataView, offset: number): void {
  const at = (i: number): number => w[i] as number;
  for (let j = 0; j < 16; j++) w[j] = input.getInt32(offset + j * 4);
  for (let j = 16; j < 68; j++) w[j] = p1(at(j - 16) ^ at(j - 9) ^ rotl(at(j - 3), 15)) ^ rotl(at(j - 13), 7) ^ at(j - 6);
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let j = 0; j < 64; j++) {
    const ss1 = rotl((rotl(a, 12) + e + (CONSTANTS[j] as number)) | 0, 7);
    const ss2 = ss1 ^ rotl(a, 12);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + ss2 + (at(j) ^ at(j + 4))) | 0;
    const tt2 = (gg + h + ss1 + at(j)) | 0;
    [d, c, b, a] = [c, rotl(b, 9), a, tt1];
    [h, g, f, e] = [g, rotl(f, 19), e, p0(tt2)];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] = (state[i] as number) ^ word; });
}
