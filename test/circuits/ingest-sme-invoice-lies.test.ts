import { beforeAll, describe, expect, test } from "vitest";
import { R } from "../../src/protocol/field.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { partOf } from "./harness/part.js";
import {
  challengeOf, chunksOf, ingestSignals, initialState, mod, packChunk, step, stepsOf, type Chunk, type Hints, type Invoice, type Slot, type State, type Step,
} from "./harness/ingest-sme-invoice.js";
import { purchase, sale } from "./harness/invoice-datasets.js";
import { mixedChain, mixedInvoices, mixedStep } from "./harness/invoice-fixture.js";
import type { Signals } from "./harness/statement.js";

// Nobody can claim another outcome of a chunk. A lie is told to the end: all that follows from it is committed as it follows.

let ingest: CircuitUnderTest;
beforeAll(async () => {
  ingest = await circuit("ingest-sme-invoice");
});

const accepted = (claim: Step) => expect(ingest.witness(ingestSignals(claim))).resolves.toBeDefined();
const refusedSignals = (signals: Signals) => expect(ingest.witness(signals)).rejects.toMatchObject(REFUSED);
const refused = (claim: Step) => refusedSignals(ingestSignals(claim));

const sales = mixedStep(1);
const fewSales = mixedStep(2); // leaves keys unused
const turn = mixedStep(3);
const purchases = mixedStep(4);

const lying = ({ before, chunk, hints }: Step, lie: (hints: Hints) => Partial<Hints>): Step => step(before, chunk, lie(hints));
/** By the extended Euclidean algorithm. */
function modInverse(v: bigint): bigint {
  let [a, b, x, y] = [v % R, R, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % R) + R) % R;
}

const withAt = (list: readonly bigint[], changes: Readonly<Record<number, (v: bigint) => bigint>>): bigint[] =>
  list.map((v, i) => changes[i]?.(v) ?? v);
const plus = (d: bigint) => (v: bigint): bigint => v + d;

test("the fixture has chunks of both directions, full and not", async () => {
  expect(mixedChain.steps.map(({ chunk }) => [chunk.direction, chunk.count])).toEqual([[0n, 320n], [0n, 83n], [1n, 320n], [1n, 12n]]);
  for (const honest of mixedChain.steps) await accepted(honest);
});

describe("the sums of customers", () => {
  const [a, b] = [3, 20];
  const M = sales.before.largest;
  const lies: Readonly<Record<string, [Step, (heads: readonly bigint[]) => bigint[]]>> = {
    "two heads exchanged": [sales, (h) => withAt(h, { [a]: () => h[b] as bigint, [b]: () => h[a] as bigint })],
    "one head more": [sales, (h) => withAt(h, { [a]: plus(1n) })],
    "one head less": [sales, (h) => withAt(h, { [a]: plus(-1n) })],
    "a fen moved between customers": [sales, (h) => withAt(h, { [a]: plus(1n), [b]: plus(-1n) })],
    "a customer left out": [sales, (h) => withAt(h, { [a]: () => M })],
    "the last customer of 80 left out": [sales, (h) => withAt(h, { 79: plus(5n) })],
    "the largest customer made smaller": [sales, (h) => h.map((v) => (v === 0n ? 1n : v))],
    "a customer that is not there": [fewSales, (h) => withAt(h, { 70: plus(-1n) })],
    "M attained by a customer that is not there": [fewSales, (h) => withAt(h, { 79: () => 0n })],
  };
  test.each(partOf(Object.entries(lies)))("%s", (_, [honest, lie]) => refused(lying(honest, ({ heads }) => ({ heads: lie(heads) }))));

  test("no sum is below M by 2^48 or more", async () => {
    const five = chunksOf([1, 2, 3, 4, 5].map((party) => sale(party, 10n)))[0] as Chunk; // the open group gets the highest limb of an element
    const after = (openSum: bigint): Step => step({ ...initialState(1, 10n), openSum }, five);
    await accepted(after(11n - 2n ** 48n));
    await refused(after(10n - 2n ** 48n));
    await accepted(after(10n));
    await refused(after(11n));
  });
  test("the open group's sum cannot differ", () => refused(lying(sales, ({ openSumAfter }) => ({ openSumAfter: openSumAfter + 1n }))));
  test("nor take from a closed one", () => refused(lying(sales, ({ openSumAfter, heads }) => ({ openSumAfter: openSumAfter + 1n, heads: withAt(heads, { 0: plus(1n) }) }))));
  test("the open group of a run without steps includes what was open before", async () => {
    const { steps } = stepsOf(Array.from({ length: 330 }, () => sale(1, 10n)));
    const last = steps[1] as Step;
    await accepted(last);
    await refused(lying(last, ({ openSumAfter }) => ({ openSumAfter: openSumAfter - last.before.openSum })));
  });
  test("a chunk of purchases leaves no open sum", () => refused(lying(purchases, () => ({ openSumAfter: 5n }))));
});

describe("the claimed largest customer", () => {
  const claiming = (invoices: readonly Invoice[], more: bigint) => stepsOf(invoices, stepsOf(invoices).first.largest + more).steps;
  test("one fen too small, is refused where that group closes", async () => {
    const steps = claiming(mixedInvoices, -1n);
    await refused(steps[0] as Step);
    for (const other of steps.slice(1)) await accepted(other);
  });
  test("one fen too small, is refused at the turn when the group is the last of sales", async () => {
    const steps = claiming([sale(1, 5n), sale(2, 9000n), purchase(1, 7n)], -1n);
    await accepted(steps[0] as Step);
    await refused(steps[1] as Step);
  });
  test("too large, leaves a state that says that nobody attained it", () => {
    const last = claiming(mixedInvoices, 1n).at(-1) as Step;
    expect(last.after.miss).not.toBe(0n);
    expect(mixedChain.last.miss).toBe(0n);
    return accepted(last);
  });
  test("below 0, is refused when a key is unused", () => refused(stepsOf([sale(1, -50n), sale(2, -60n)], -40n).steps[0] as Step));
});

describe("monthly sums", () => {
  const lane = (m: number) => 2n ** BigInt(60 * m);
  const lies: Readonly<Record<string, Readonly<Record<number, (v: bigint) => bigint>>>> = {
    "a fen more": { 4: plus(1n) },
    "a fen moved to the next month": { 4: plus(lane(1) - 1n) },
    "a fen moved to another year": { 0: plus(-1n), 8: plus(1n) },
    "a value that wraps": { 2: plus(-(2n ** 250n)), 3: plus(2n ** 250n) },
  };
  describe.each([["sales", sales], ["purchases", purchases], ["the turn", turn]] as const)("of %s", (_, honest) => {
    test.each(partOf(Object.entries(lies)))("%s", (_, lie) => refused(lying(honest, ({ months }) => ({ months: withAt(months, lie) }))));
  });
});

describe("sums are compared at a point that all of them are committed before", () => {
  test.each([["sales", sales], ["purchases", purchases]] as const)("of %s: it is the documented one", async (_, honest) => {
    const witness = await ingest.witness(ingestSignals(honest));
    const wires = new Set(Array.from({ length: witness.length }, (_, i) => witness.wire(i)));
    const point = challengeOf(honest);
    const quotients = honest.hints.months.map((sum, g) => mod(sum * modInverse(mod(point - BigInt(4 * Math.floor(g / 3) + (g % 3))))));
    for (const quotient of quotients) expect(wires).toContain(quotient);
  });
  test("sums that would agree at the honest point are refused, because it moves with them", () => {
    const point = challengeOf(sales);
    const balanced = mod(-(point - 1n) * modInverse(point)); // d / (point - 0) + balanced * d / (point - 1) = 0
    return refused(lying(sales, ({ months }) => ({ months: withAt(months, { 0: plus(1n), 1: plus(balanced) }) })));
  });
});

describe("void records", () => {
  test.each([["sales", sales], ["purchases", purchases]] as const)("of %s cannot be more or less", async (_, honest) => {
    await refused(lying(honest, ({ voids }) => ({ voids: voids + 1n })));
    await refused(lying(honest, ({ voids }) => ({ voids: voids - 1n })));
  });
});

describe("the state that follows", () => {
  const changes: Readonly<Record<string, (s: State) => Partial<State>>> = {
    root: (s) => ({ root: s.root + 1n }),
    index: (s) => ({ index: s.index + 1n }),
    direction: (s) => ({ direction: 1n - s.direction }),
    "largest (smaller)": (s) => ({ largest: s.largest - 1n }),
    "miss (attained)": (s) => ({ miss: s.miss === 0n ? 1n : 0n }),
    openSum: (s) => ({ openSum: s.openSum + 1n }),
    openCounted: (s) => ({ openCounted: 1n - s.openCounted }),
    "counts: void": (s) => ({ counts: s.counts + 1n }),
    "counts: valid": (s) => ({ counts: s.counts - 2n ** 32n }),
    "counts: suppliers": (s) => ({ counts: s.counts + 2n ** 64n }),
    salt: (s) => ({ salt: s.salt + 1n }),
    ...Object.fromEntries(Array.from({ length: 9 }, (_, g) => [
      [`sales ${g}`, (s: State) => ({ sales: withAt(s.sales, { [g]: plus(1n) }) })],
      [`margins ${g}`, (s: State) => ({ margins: withAt(s.margins, { [g]: plus(-1n) }) })],
    ] as const).flat()),
  };
  test.each(partOf(Object.entries(changes)))("%s cannot differ", async (_, change) => {
    for (const honest of [sales, turn]) await refused({ ...honest, after: { ...honest.after, ...change(honest.after) } });
  });
});

describe("what a step starts from", () => {
  const signals = ingestSignals(fewSales);
  const scalars = Object.entries(signals).filter(([, v]) => typeof v === "bigint").map(([name]) => name);
  test.each(partOf(scalars))("%s cannot differ from what is committed", (name) => refusedSignals({ ...signals, [name]: ((signals[name] as bigint) + 1n) % R }));
  const arrays = Object.entries(signals).filter(([, v]) => typeof v !== "bigint").map(([name]) => name);
  test.each(partOf(arrays))("%s cannot differ, first and last", async (name) => {
    const list = signals[name] as bigint[];
    for (const at of [0, list.length - 1]) await refusedSignals({ ...signals, [name]: withAt(list, { [at]: (v) => (v + 1n) % R }) });
  });
  test("the state of another dataset has another root", () => {
    const other = stepsOf(mixedInvoices.slice(1));
    return refusedSignals({ ...signals, stateIn: ingestSignals(other.steps[1] as Step)["stateIn"] as bigint });
  });
});

describe("each chunk once, in order", () => {
  test("a chunk cannot be skipped", () => refused(step(mixedStep(1).after, mixedStep(3).chunk)));
  test("nor used twice", () => refused(step(mixedStep(1).after, mixedStep(1).chunk)));

  // The header is one element: another count would make up for another index or direction, if it could be any number.
  test("nor under another number, with a count that makes up for it", () => {
    const count = (turn.chunk.count + modInverse(2n ** 32n)) % R; // count * 2^32 is one more: index 3 reads as index 2
    return refusedSignals({ ...ingestSignals(step(sales.after, turn.chunk)), count });
  });
  test("nor in the other direction, with a count that makes up for it", () => {
    const honest = step(initialState(1, 0n), chunksOf([purchase(1, 5n)])[0] as Chunk);
    const lie = step(honest.before, { ...honest.chunk, direction: 0n, count: honest.chunk.count + 2n ** 32n });
    return refused({ ...lie, after: { ...lie.after, root: honest.after.root } });
  });

  test("sales do not follow purchases", () => refused(step({ ...sales.after, direction: 1n }, fewSales.chunk)));
  test("a direction is 0 or 1", () => refused(step(sales.after, { ...fewSales.chunk, direction: 2n })));
  test("a count is below 512", () => refused(step(sales.after, { ...fewSales.chunk, count: 512n })));
  test("purchases begin with a counterparty of their own", async () => {
    const unstepped = packChunk({ ...turn.chunk, slots: turn.chunk.slots.map((s, i) => (i === 0 ? { ...s, step: 0n } : s)) });
    await refused(step(turn.before, unstepped));
    await accepted(step({ ...turn.before, direction: 1n }, unstepped));
  });
});

describe("distinct suppliers", () => {
  const suppliers = (honest: Step, more: bigint): Step => ({ ...honest, after: { ...honest.after, counts: honest.after.counts + more * 2n ** 64n } });
  test.each([["one across a cut, counted before", 319], ["one across a cut, void before", 0]])("%s", async (_, voidsUntil) => {
    const { steps } = stepsOf(Array.from({ length: 330 }, (_, i) => purchase(1, 5n, 5, voidsUntil === 0 && i < 320)));
    for (const honest of steps) {
      await accepted(honest);
      await refused(suppliers(honest, 1n));
      await refused(suppliers(honest, -1n));
    }
  });
});

describe("codes and widths of the packed form", () => {
  const with0 = (slot: Partial<Slot>): Chunk =>
    packChunk({ ...fewSales.chunk, slots: fewSales.chunk.slots.map((s, i) => (i === 0 ? { ...s, ...slot } : s)) });
  const claims = (chunk: Chunk): Step[] => {
    const { voids } = step(fewSales.before, chunk).hints;
    return [-1n, 0n, 1n].map((d) => step(fewSales.before, chunk, { voids: voids + d }));
  };
  test.each([[12n, "q = 3"], [15n, "q = 3"], [28n, "q = 3 of the second year"], [49n, "outside with a lane"], [53n, "void with a lane"], [56n, "not counted, q = 2"], [60n, "not counted, q = 3"]])(
    "code %i (%s) is refused", async (code) => {
      for (const claim of claims(with0({ code }))) await refused(claim);
    });
  test.each([0n, 3n, 8n, 11n, 16n, 27n, 32n, 43n, 48n, 52n])("code %i is accepted", (code) => accepted(step(fewSales.before, with0({ code }))));

  const withElement = (change: (e: bigint) => bigint): Step => step(fewSales.before, { ...fewSales.chunk, opened: withAt(fewSales.chunk.opened, { 0: change }) });
  test("no bit lies above an element's slots", () => refused(withElement(plus(2n ** 220n))));
  test("an element is not negative", () => refused(withElement((e) => e - 2n ** 220n)));
  test("an amount of 37 bits below its offset counts as negative", () => accepted(step(fewSales.before, with0({ amount: -(2n ** 36n) + 1n }))));
});
