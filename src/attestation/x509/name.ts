import { TAG, type DerReader } from "./der.js";

/** The attributes of a Name that roles and reports read; comparison is always of the raw bytes. */
export interface DistinguishedName {
  readonly commonName?: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly country?: string;
  readonly locality?: string;
  readonly state?: string;
}

const KEYS: Readonly<Record<string, keyof DistinguishedName>> = {
  "2.5.4.3": "commonName", "2.5.4.6": "country", "2.5.4.7": "locality", "2.5.4.8": "state", "2.5.4.10": "organization",
  "2.5.4.11": "organizationalUnit",
};
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_ATTRIBUTES = 16;
const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]*$/;

/** Reads a Name's contents (RFC 5280 4.1.2.4). Each known attribute occurs at most once, so that a role is unambiguous. */
export function readName(reader: DerReader): DistinguishedName {
  const name: { -readonly [K in keyof DistinguishedName]: string } = {};
  let count = 0;
  while (!reader.done) {
    const set = reader.enter(TAG.set);
    if (set.done) set.fail("empty name part");
    while (!set.done) {
      if (++count > MAX_ATTRIBUTES) set.fail("too many name attributes");
      const attribute = set.sequence();
      const key = KEYS[attribute.oid()];
      const text = readText(attribute, key !== undefined);
      if (key === undefined) continue;
      if (name[key] !== undefined) set.fail(`${key} twice in one name`);
      name[key] = text;
    }
  }
  return name;
}

function readText(attribute: DerReader, known: boolean): string {
  const { tag, value } = attribute.next();
  attribute.end();
  if (!known) return "";
  const text = decode(tag, value);
  return text === undefined ? attribute.fail("name text") : text;
}

function decode(tag: number, value: Uint8Array): string | undefined {
  if (value.length === 0 || value.length > 256) return undefined;
  if (tag !== TAG.utf8String && tag !== TAG.printableString && tag !== TAG.ia5String) return undefined;
  try {
    const text = UTF8.decode(value);
    return tag === TAG.printableString && !PRINTABLE.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
