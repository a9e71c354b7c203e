import { utf8, type Bytes } from "../../src/protocol/bytes.js";
import { changer, random } from "./mutator.js";

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);

/** What a careless reader falls over. */
const NASTY = [
  "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "-0", "1e-400", "9007199254740993", "18446744073709551616", "0.1", "01", "+1", "0x10", "null", "true", "[]", "{}", '""',
  '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u202e"', '"__proto__"', '"constructor"', '"\\ud83d\\ude00"', '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":1,"valueOf":null}', '{"length":1e9}', '{"then":1}', '{"toJSON":1}', "[null]", "[[]]", "[,]", '["' + "x".repeat(300) + '"]', `"${"x".repeat(70_000)}"`, nested(40), nested(3000), nested(2000, '{"a":', "}"),
];
const KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "", "\\u0000", "\\ud800", "a".repeat(1000)];
const TOKEN = /"(?:[^"\\]|\\.)*"\s*:|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g;

const PLACE = "@@place@@";

/** Every way to put something else for one part of a value, whole objects and lists too. */
function places(value: unknown): string[] {
  const out: string[] = [JSON.stringify(PLACE)];
  const walk = (part: unknown, wrap: (inner: unknown) => unknown): void => {
    if (typeof part !== "object" || part === null) return;
    for (const [name, inner] of Object.entries(part)) {
      const put = (other: unknown): unknown => wrap(Array.isArray(part) ? part.with(Number(name), other) : { ...part, [name]: other });
      out.push(JSON.stringify(put(PLACE)));
      walk(inner, put);
    }
  };
  walk(value, (inner) => inner);
  return out;
}

/** Gives one text after another: values and keys exchanged, members repeated, or bytes changed. */
export function jsonMutator(seed: number, sample: unknown): () => Bytes {
  const below = random(seed);
  const change = changer(below);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const own = JSON.stringify(sample);
  const wholes = places(sample);
  const once = (text: string): string => {
    const tokens = [...text.matchAll(TOKEN)];
    if (tokens.length === 0) return pick(NASTY);
    const token = pick(tokens);
    const isKey = token[0].endsWith(":");
    const next = (() => {
      if (isKey && below(3) > 0) return `"${pick(KEYS)}":`;
      // The same key a second time, with something else.
      if (isKey) return `${token[0]}${pick(NASTY)},${token[0]}`;
      return below(4) === 0 ? pick(tokens)[0].replace(/:$/, "") : pick(NASTY);
    })();
    return text.slice(0, token.index) + next + text.slice(token.index + token[0].length);
  };
  return () => {
    let text = below(2) === 0 ? pick(wholes).replace(`"${PLACE}"`, () => pick(NASTY)) : once(own);
    for (let n = below(3); n > 0 && text.length < 10_000; n--) text = once(text);
    const bytes = utf8(text);
    return below(4) === 0 ? change(bytes.subarray(0, 4096), utf8(own)) : bytes;
  };
}
