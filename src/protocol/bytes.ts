import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { VeriteeError } from "./errors.js";

export type Bytes = Uint8Array;

export const concat = concatBytes;
export const utf8 = utf8ToBytes;
export const toHex = bytesToHex;

/** Parses lower- or upper-case hex, with or without 0x. @throws input_invalid */
export function fromHex(text: string): Bytes {
  try {
    return hexToBytes(text.startsWith("0x") ? text.slice(2) : text);
  } catch (cause) {
    throw new VeriteeError("input_invalid", "not a hex string", {}, { cause });
  }
}

export function toBase64(bytes: Bytes): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** Strict: padding required, no white space, no other alphabet. @throws input_invalid */
export function fromBase64(text: string): Bytes {
  try {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    if (toBase64(bytes) === text) return bytes;
  } catch {
    // falls through to the one error below
  }
  throw new VeriteeError("input_invalid", "not canonical base64");
}

/** Equality whose time depends on the lengths only. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  let diff = 0;
  for (let i = 0; i < a.length; i++) diff |= (a[i] as number) ^ (b[i] as number);
  return diff === 0;
}

export function u32be(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

/** Length-prefixed concatenation: u32be(length) before each part, so that no two lists collide. */
export function lp(...parts: readonly (Bytes | string)[]): Bytes {
  return concat(...parts.flatMap((p) => {
    const bytes = typeof p === "string" ? utf8(p) : p;
    return [u32be(bytes.length), bytes];
  }));
}
