import { ensure } from "../../../protocol/errors.js";
import type { Bytes } from "../../../protocol/bytes.js";

// Layout of PKCS #11 v2.40's structures on 64-bit Unix: CK_ULONG and pointers are 8 bytes, fields lie at their natural alignment
// (pkcs11t.h packs to one byte on Windows only, which is not supported), little endian as all of Node's platforms.

const WORD = 8;
export type Address = (buffer: Buffer) => bigint;

/** Memory that a call may read or write; what it points to is kept alive with it. */
export interface Block { readonly buffer: Buffer; readonly keeps: readonly unknown[] }
export type Argument = number | Buffer | Block | null;

export const ATTRIBUTE_BYTES = 3 * WORD;

export const ulong = (value: number): Buffer => {
  const buffer = Buffer.alloc(WORD);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
};
export const readUlong = (buffer: Buffer, at = 0): number => Number(buffer.readBigUInt64LE(at * WORD));

function words(values: readonly (number | bigint)[]): Buffer {
  const buffer = Buffer.alloc(values.length * WORD);
  values.forEach((value, i) => buffer.writeBigUInt64LE(BigInt(value), i * WORD));
  return buffer;
}

export type AttributeValue = boolean | number | string | Bytes;
export type Template = readonly (readonly [type: number, value: AttributeValue])[];

function valueOf(value: AttributeValue): Buffer {
  if (typeof value === "boolean") return Buffer.from([value ? 1 : 0]);
  return typeof value === "number" ? ulong(value) : Buffer.from(value);
}

/** CK_ATTRIBUTE[]: { CK_ATTRIBUTE_TYPE type; CK_VOID_PTR pValue; CK_ULONG ulValueLen; } */
export function template(attributes: Template, address: Address): Block {
  const values = attributes.map(([, value]) => valueOf(value));
  const buffer = words(attributes.flatMap(([type], i) => [type, pointer(values[i] as Buffer, address), (values[i] as Buffer).length]));
  return { buffer, keeps: values };
}

/** CK_MECHANISM: { CK_MECHANISM_TYPE mechanism; CK_VOID_PTR pParameter; CK_ULONG ulParameterLen; } */
export function mechanism(type: number, address: Address, parameter?: Block): Block {
  const { buffer } = parameter ?? {};
  return { buffer: words([type, buffer === undefined ? 0n : pointer(buffer, address), buffer?.length ?? 0]), keeps: [parameter] };
}

/**
 * CK_GCM_PARAMS: { pIv; ulIvLen; ulIvBits; pAAD; ulAADLen; ulTagBits; }. The text of v2.40 leaves ulIvBits out and its header has
 * it; libraries are compiled against the header.
 */
export function gcmParameters(iv: Bytes, aad: Bytes, tagBytes: number, address: Address): Block {
  const [ivBuffer, aadBuffer] = [Buffer.from(iv), Buffer.from(aad)];
  return { buffer: words([pointer(ivBuffer, address), iv.length, iv.length * 8, pointer(aadBuffer, address), aad.length, tagBytes * 8]), keeps: [ivBuffer, aadBuffer] };
}

/** CK_TOKEN_INFO begins with label[32], manufacturerID[32], model[16], serialNumber[16], CK_FLAGS flags; the whole is under 256 bytes. */
export const TOKEN_INFO_BYTES = 256;
export function readTokenInfo(buffer: Buffer): { readonly label: string; readonly serial: string; readonly flags: number } {
  const text = (from: number, length: number): string => buffer.toString("utf8", from, from + length).trimEnd();
  return { label: text(0, 32), serial: text(80, 16), flags: Number(buffer.readBigUInt64LE(96)) };
}

function pointer(buffer: Buffer, address: Address): bigint {
  ensure(buffer.length > 0, "internal", "a pointer to nothing");
  return address(buffer);
}
