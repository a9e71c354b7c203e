import { uncommented } from "./sources.js";

/** Kinds of slips that have made circuits unsound, or that a test must notice. */
export type MutantClass = "assigned-only" | "dropped-constraint" | "dropped-range-check" | "one-bit-less" | "weakened-constant";

/** One change of one source file. */
export interface Mutant {
  /** file, class and the changed statement, which stays the same when lines move */
  readonly id: string;
  readonly file: string;
  readonly kind: MutantClass;
  readonly line: number;
  readonly text: string;
}

interface Change {
  readonly kind: MutantClass;
  readonly at: number;
  readonly length: number;
  readonly by: string;
  readonly shown: string;
}

/** All mutants of a file, in its order; every statement of a kind gives one. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const code = uncommented(source);
  const statements = [...code.matchAll(/[^;{}]+;/g)].map((m) => ({ at: m.index, text: m[0] }));
  const changes = statements.flatMap(({ at, text }) => [
    ...assignedOnly(at, text), ...dropped(at, text), ...narrowed(at, text), ...weakened(at, text),
  ]);
  const seen = new Map<string, number>();
  const mutants = changes.map((change) => {
    const base = `${file.split("/").pop()}: ${change.kind}: ${change.shown}`;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return {
      id: count === 1 ? base : `${base} (${count})`, file, kind: change.kind, line: source.slice(0, change.at).split("\n").length,
      text: source.slice(0, change.at) + change.by + source.slice(change.at + change.length),
    };
  });
  return [...mutants, ...rangeChecks(file, code)];
}

/** A statement without effect: there is no empty one. */
const NOTHING = "assert(1 == 1);";

const shown = (statement: string): string => statement.trim().replace(/\s+/g, " ");

function* assignedOnly(at: number, text: string): Generator<Change> {
  const arrow = text.indexOf("<==");
  if (arrow >= 0) yield { kind: "assigned-only", at: at + arrow, length: 3, by: "<--", shown: shown(text) };
}

function* dropped(at: number, text: string): Generator<Change> {
  if (!text.includes("===")) return;
  const start = text.search(/\S/);
  yield { kind: "dropped-constraint", at: at + start, length: text.length - start, by: NOTHING, shown: shown(text) };
}

/** Ranged(n), Positive(n), Num2Bits(n) and the widths of Limbs, by one bit each. */
function* narrowed(at: number, text: string): Generator<Change> {
  const call = /= (Ranged|Positive|Num2Bits)\((.+)\);$/.exec(text);
  if (call !== null) {
    const start = call.index + 2 + (call[1] as string).length + 1;
    const inside = call[2] as string;
    yield { kind: "one-bit-less", at: at + start, length: inside.length, by: `${inside} - 1`, shown: shown(text) };
  }
  const limbs = /\[([\d, ]+)\]\);$/.exec(text);
  if (limbs === null) return;
  for (const number of (limbs[1] as string).matchAll(/\d+/g)) {
    const start = limbs.index + 1 + number.index;
    yield { kind: "one-bit-less", at: at + start, length: number[0].length, by: `${number[0]} - 1`, shown: `${shown(text)} at ${number.index}` };
  }
}

/** Each number in a constraint, one more. */
function* weakened(at: number, text: string): Generator<Change> {
  const sign = /<==|===/.exec(text);
  if (sign === null) return;
  for (const number of text.matchAll(/(?<![\w.[\]\\])\d+(?![\w\]])/g)) {
    if (number.index < sign.index && sign[0] === "<==") continue;
    if (number[0] === "0" && text.slice(number.index - 4, number.index) === "=== ") continue; // nobody could satisfy it
    yield { kind: "weakened-constant", at: at + number.index, length: number[0].length, by: `${BigInt(number[0]) + 1n}`, shown: `${shown(text)} with ${number[0]} + 1` };
  }
}

/** A Ranged that is made and fed, taken out whole. */
function rangeChecks(file: string, source: string): Mutant[] {
  return [...source.matchAll(/(?:component )?(\w+)(\[\w+\])? = Ranged\(.+\);/g)].map((made) => {
    const name = made[1] as string;
    const text = source
      .replace(made[0], NOTHING)
      .replace(new RegExp(`\\bcomponent ${name}\\[[^\\]]*\\];`), "")
      .replace(new RegExp(`\\b${name}(\\[\\w+\\])?\\.in <== [^;]+;`, "g"), "");
    return { id: `${file.split("/").pop()}: dropped-range-check: ${name}`, file, kind: "dropped-range-check" as const, line: source.slice(0, made.index).split("\n").length, text };
  });
}
