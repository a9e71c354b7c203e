import type { Bytes } from "../../protocol/bytes.js";
import { DerReader, readDer, TAG } from "./der.js";

export interface Extension {
  readonly critical: boolean;
  readonly value: Bytes;
}
export type Extensions = ReadonlyMap<string, Extension>;

export const OID = {
  keyUsage: "2.5.29.15", basicConstraints: "2.5.29.19", extendedKeyUsage: "2.5.29.37",
} as const;

const MAX_EXTENSIONS = 32;

/** Reads Extensions (RFC 5280 4.1.2.9): none twice, the default of `critical` not spelt out. */
export function readExtensions(list: DerReader): Extensions {
  const extensions = new Map<string, Extension>();
  while (!list.done) {
    const extension = list.sequence();
    const oid = extension.oid();
    const critical = extension.peek(TAG.boolean) && (extension.boolean() || extension.fail("default spelt out"));
    const value = extension.octets();
    extension.end();
    if (extensions.has(oid)) list.fail(`extension ${oid} twice`);
    if (extensions.size >= MAX_EXTENSIONS) list.fail("too many extensions");
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

/** Bit names of KeyUsage, bit 0 first (RFC 5280 4.2.1.3). */
const USAGES = [
  "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly",
  "decipherOnly",
] as const;
export type KeyUsage = (typeof USAGES)[number];

type Source = Pick<DerReader, "code">;
const MAX_EXTENSION_BYTES = 4096;

export function readKeyUsage(extensions: Extensions, { code }: Source): ReadonlySet<KeyUsage> | undefined {
  const extension = extensions.get(OID.keyUsage);
  return extension && readDer(extension.value, MAX_EXTENSION_BYTES, code, (reader) => {
    const { value } = reader.next(TAG.bitString);
    const [unused, ...octets] = value;
    // X.690 11.2.2 would cut trailing zero bits; AMD's signing keys keep them, so only bits past the end must be zero.
    const last = octets.at(-1) ?? 0;
    const stray = last & ((1 << (unused ?? 0)) - 1);
    if (unused === undefined || unused > 7 || octets.length > 2 || last === 0 || stray !== 0) reader.fail("key usage");
    return new Set(USAGES.filter((_, i) => (((octets[i >> 3] ?? 0) << (i & 7)) & 0x80) !== 0));
  });
}

export interface BasicConstraints {
  readonly isCa: boolean;
  /** How many intermediate certificates may follow; undefined is no limit. */
  readonly pathLength: number | undefined;
}

export function readBasicConstraints(extensions: Extensions, { code }: Source): BasicConstraints {
  const extension = extensions.get(OID.basicConstraints);
  if (extension === undefined) return { isCa: false, pathLength: undefined };
  return readDer(extension.value, MAX_EXTENSION_BYTES, code, (reader) => {
    const constraints = reader.sequence();
    const isCa = constraints.peek(TAG.boolean) && (constraints.boolean() || constraints.fail("default spelt out"));
    const pathLength = constraints.done ? undefined : constraints.small();
    if (!isCa && pathLength !== undefined) constraints.fail("path length without CA bit");
    constraints.end();
    return { isCa, pathLength };
  });
}

export function readExtendedKeyUsage(extensions: Extensions, { code }: Source): readonly string[] | undefined {
  const extension = extensions.get(OID.extendedKeyUsage);
  return extension && readDer(extension.value, MAX_EXTENSION_BYTES, code, (reader) => {
    const list = reader.sequence();
    const purposes: string[] = [];
    do purposes.push(list.oid()); while (!list.done);
    return purposes;
  });
}
