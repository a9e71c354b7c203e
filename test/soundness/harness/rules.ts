import { isConstant, keyOf, modulo, plus, zeroKey, type Form } from "./forms.js";

/** What the rules of determinism work on. */
export interface Knowledge {
  /** a b = c */
  readonly rows: readonly { readonly a: Form; readonly b: Form; readonly c: Form }[];
  /** rows by wire */
  readonly using: readonly (readonly number[])[];
  /** forms that are 0 or 1 in every witness */
  readonly booleans: readonly Form[];
  knows(wire: number): boolean;
  unknownPart(form: Form): Form;
  /** what the row says of a linear form, when it has no product of unknowns */
  linear(row: number): Form | undefined;
}

interface KnownFactor {
  readonly known: Form;
  readonly other: Form;
  readonly c: Form;
}

/** Rows X L = C where X is known and varies, and L is not known. */
function* knownFactors(k: Knowledge): Generator<KnownFactor> {
  for (const { a, b, c } of k.rows) {
    if (isConstant(a) || isConstant(b)) continue;
    const [A, B] = [k.unknownPart(a).size > 0, k.unknownPart(b).size > 0];
    if (!A && B) yield { known: a, other: b, c };
    else if (A && !B) yield { known: b, other: a, c };
    else if (!A && !B && k.unknownPart(c).size > 0) yield { known: a, other: b, c };
  }
}

function grouped<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const k = key(item);
    const group = groups.get(k);
    if (group === undefined) groups.set(k, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * One-hot: rows (X - k) L_k = 0 for distinct constants k. At most one factor X - k is 0, so all L but one vanish, whichever
 * X is. A flag is fixed when its L is a form in it alone and, for X = k, another vanishing L or a linear row gives it from
 * flags that are fixed by then.
 */
export function* oneHots(k: Knowledge): Generator<Form> {
  const rows = [...knownFactors(k)].filter(({ c, other }) => c.size === 0 && k.unknownPart(other).size > 0);
  for (const group of grouped(rows, ({ known }) => keyOf(known).key).values()) {
    if (new Set(group.map(({ known }) => keyOf(known).shift)).size !== group.length) continue;
    const parts = group.map(({ other }) => [...k.unknownPart(other).keys()]);
    const flags = new Set(parts.filter((p) => p.length === 1).map(([wire]) => wire as number));
    const sums = parts.filter((p) => p.length > 1);
    const settled = (flag: number): boolean =>
      [...sums, ...linearRows(k, flag)].some((wires) => wires.includes(flag) && wires.every((wire) => flags.has(wire)));
    if (flags.size < 1 || ![...flags].every(settled)) continue;
    for (const flag of flags) yield new Map([[flag, 1n]]);
  }
}

const linearRows = (k: Knowledge, wire: number): number[][] =>
  (k.using[wire] as readonly number[]).flatMap((row) => {
    const form = k.linear(row);
    return form === undefined ? [] : [[...k.unknownPart(form).keys()]];
  });

/**
 * Test for zero: X O = 0 and X Y = D with D fixed as soon as O is. Where X is not 0, O is; where it is, D is 0 and fixes O.
 * Nothing is said of Y, the hint.
 */
export function* zeroTests(k: Knowledge): Generator<Form> {
  for (const group of grouped(knownFactors(k), ({ known }) => zeroKey(known)).values()) {
    if (group.length < 2) continue;
    for (const { other, c } of group) {
      if (c.size > 0) continue;
      const out = k.unknownPart(other);
      if (out.size === 0) continue;
      const name = keyOf(out).key;
      if (group.some((g) => g.c !== c && keyOf(k.unknownPart(g.c)).key === name)) yield other;
    }
  }
}

/**
 * Monotone mask: bits b_0, b_1, ... where each implies the one before, as b_(i+1) (1 - b_i) = 0, with a known sum. The sum
 * says how many of them are 1, the order which.
 */
export function* chains(k: Knowledge): Generator<Form> {
  const open = k.booleans.filter((form) => k.unknownPart(form).size > 0);
  const byZero = new Map(open.map((form) => [zeroKey(form), form]));
  const byOne = new Map(open.map((form) => [zeroKey(complement(form)), form]));
  const before = new Map<Form, Form>();
  for (const { a, b, c } of k.rows) {
    if (c.size > 0 || k.unknownPart(a).size === 0 || k.unknownPart(b).size === 0) continue;
    for (const [p, q] of [[a, b], [b, a]] as const) {
      const [later, earlier] = [byZero.get(zeroKey(p)), byOne.get(zeroKey(q))];
      if (later !== undefined && earlier !== undefined && later !== earlier) before.set(later, earlier);
    }
  }
  const earlier = new Set(before.values());
  for (const last of before.keys()) {
    if (earlier.has(last)) continue;
    const chain: Form[] = [];
    for (let form: Form | undefined = last; form !== undefined && !chain.includes(form); form = before.get(form)) chain.push(form);
    const sum = k.unknownPart(chain.reduce((p, q) => plus(p, q)));
    if (sum.size === 0 || isSumKnown(k, sum)) yield* chain;
  }
}

const complement = (form: Form): Form => plus(new Map([[0, 1n]]), form, modulo(-1n));

function isSumKnown(k: Knowledge, sum: Form): boolean {
  const [wire] = [...sum.keys()] as [number];
  const name = keyOf(sum).key;
  return (k.using[wire] as readonly number[]).some((row) => {
    const form = k.linear(row);
    return form !== undefined && keyOf(k.unknownPart(form)).key === name;
  });
}
