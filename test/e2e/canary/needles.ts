/** A secret to look for, in every spelling in which it could lie somewhere. */
export interface Needle { readonly name: string; readonly bytes: Buffer }

const unpadded = (base64: string): string => base64.replace(/=+$/, "");

/** Base64 of bytes that stand anywhere in a longer text: one spelling for each of the three alignments, without what the neighbours decide. */
function base64Inside(raw: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const whole = unpadded(Buffer.concat([Buffer.alloc(before), raw]).toString("base64"));
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + raw.length) * 8) / 6);
    return whole.slice(first, last);
  });
}

function spelled(name: string, raw: Buffer): Needle[] {
  const base64 = base64Inside(raw);
  const texts = [raw.toString("hex"), raw.toString("hex").toUpperCase(), ...base64, ...base64.map((b) => b.replaceAll("+", "-").replaceAll("/", "_"))];
  const wide = (text: string): Buffer => Buffer.from(text, "utf16le");
  return [{ name: `${name}, raw`, bytes: raw }, ...[...new Set(texts)].flatMap((text, i) => [
    { name: `${name}, spelling ${i}`, bytes: Buffer.from(text) }, { name: `${name}, spelling ${i}, wide`, bytes: wide(text) },
  ])];
}

/** Raw, hex, base64 and base64url at each alignment, and these in UTF-16. */
export const secretBytes = (name: string, bytes: Uint8Array): Needle[] => spelled(name, Buffer.from(bytes));

/** As bytes, and as text in UTF-16 both ways, escaped for JSON once and twice, and percent-encoded. */
export function secretText(name: string, text: string): Needle[] {
  const wide = Buffer.from(text, "utf16le");
  const escaped = JSON.stringify(text).slice(1, -1);
  const unicode = [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  const forms = [escaped, JSON.stringify(escaped).slice(1, -1), unicode, encodeURIComponent(text)].filter((form, i, all) => form !== text && all.indexOf(form) === i);
  return [
    ...spelled(name, Buffer.from(text)), { name: `${name}, UTF-16LE`, bytes: wide }, { name: `${name}, UTF-16BE`, bytes: Buffer.from(wide).swap16() },
    ...forms.map((form, i) => ({ name: `${name}, escaped ${i}`, bytes: Buffer.from(form) })),
  ];
}

/** In digits, and as the canonical record has it (docs/protocol.md 3), either end first. */
export function secretNumber(name: string, value: number): Needle[] {
  const big = Buffer.alloc(8);
  big.writeBigInt64BE(BigInt(value));
  return [...secretText(name, String(value)), { name: `${name}, big end first`, bytes: big }, { name: `${name}, little end first`, bytes: Buffer.from(big).reverse() }];
}

const MIN_BYTES = 6;
const BLOCK = 1 << 16;
const ZEROES = Buffer.alloc(BLOCK);

interface Indexed extends Needle { /** where the two bytes are by which it is looked for */ readonly at: number }

/** Finds all of them in one pass: by two bytes of each, then whole. Memory is mostly zero, so these are none of the two. */
export class Search {
  readonly #byPair = new Map<number, Indexed[]>();
  readonly #pairs = new Uint8Array(65_536);
  readonly longest: number;

  constructor(readonly needles: readonly Needle[]) {
    for (const needle of needles) {
      const at = needle.bytes.findIndex((byte, i) => byte !== 0 && i + 1 < needle.bytes.length && needle.bytes[i + 1] !== 0);
      // UTF-16 of plain text has a zero in every pair.
      const indexed = { ...needle, at: at >= 0 ? at : Math.max(0, needle.bytes.findIndex((byte) => byte !== 0)) };
      if (needle.bytes.length < MIN_BYTES) throw new Error(`${needle.name} is too short to mean anything`);
      const pair = needle.bytes.readUInt16BE(indexed.at);
      this.#pairs[pair] = 1;
      this.#byPair.set(pair, [...(this.#byPair.get(pair) ?? []), indexed]);
    }
    this.longest = Math.max(...needles.map((n) => n.bytes.length));
  }

  /** Names of what is there, with how often. */
  in(haystack: Buffer, count: Map<string, number> = new Map()): Map<string, number> {
    for (let from = 0; from < haystack.length; from += BLOCK) {
      // The pair that begins with a block's last byte is in both: it is looked at once, as the last one of the first.
      const to = Math.min(from + BLOCK, haystack.length - 1);
      if (to - from === BLOCK && haystack.compare(ZEROES, 0, BLOCK, from, to) === 0 && haystack[to] === 0) continue;
      for (let i = from; i < to; i++) {
        const pair = ((haystack[i] as number) << 8) | (haystack[i + 1] as number);
        if (this.#pairs[pair] !== 0) this.#compare(haystack, i, pair, count);
      }
    }
    return count;
  }

  #compare(haystack: Buffer, i: number, pair: number, count: Map<string, number>): void {
    for (const { name, bytes, at } of this.#byPair.get(pair) as Indexed[]) {
      const start = i - at;
      if (start >= 0 && haystack.length - start >= bytes.length && haystack.compare(bytes, 0, bytes.length, start, start + bytes.length) === 0) count.set(name, (count.get(name) ?? 0) + 1);
    }
  }
}
