import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { poseidon } from "../../src/protocol/poseidon.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { partOf } from "./harness/part.js";
import {
  ABSENT, aggregatesOf, chunkSignals, claimedState, commitState, datasetSignals, headerOf, ingestCase, mod, stateOf, withSlot,
  type IngestCase, type Slot, type State,
} from "./harness/ingest-retail-account.js";
import type { Signals } from "./harness/statement.js";
import { consistent } from "./harness/transaction-slots.js";
import { accounts, credit, debit, I, interest, longTransactions, mixedTransactions, TERMS } from "./harness/transaction-datasets.js";

let ingest: CircuitUnderTest;
let dataset: CircuitUnderTest;
beforeAll(async () => {
  [ingest, dataset] = [await circuit("ingest-retail-account"), await circuit("dataset-retail-account")];
});

async function refused(under: CircuitUnderTest, signals: Signals): Promise<boolean> {
  try {
    await under.witness(signals);
    return false;
  } catch (error) {
    expect(error).toMatchObject(REFUSED);
    return true;
  }
}

/** Where a dataset proof of a case fails first: at a chunk from 1, at 0 for the statement about both ends; null when it can be made. */
async function failsAt(c: IngestCase): Promise<number | null> {
  for (let i = 1; i <= c.chunks.length; i++) if (await refused(ingest, chunkSignals(c, i))) return i;
  return (await refused(dataset, datasetSignals(c))) ? 0 : null;
}

const AT_ENDS = 0;

const honest = ingestCase(mixedTransactions, TERMS);
const long = ingestCase(longTransactions, TERMS);
const [LAST_NEGATIVE, MIDDLE, LAST_MIDDLE, HIGH] = [1, 2, 4, 5];

const slot = (c: IngestCase, p: number): Slot => c.chunks[Math.floor(p / 250)]?.[p % 250] ?? ABSENT;
const edited = (c: IngestCase, changes: Readonly<Record<number, Partial<Slot>>>): IngestCase =>
  Object.entries(changes).reduce((changed, [p, change]) => withSlot(changed, Number(p), change), c);
const plain = { crossing: 0n, toHigh: 0n };
const toMiddle = { crossing: 1n, toHigh: 0n };
const toHigh = { crossing: 1n, toHigh: 1n };

test("the honest samples are provable", async () => {
  expect(await failsAt(honest)).toBeNull();
  expect(await failsAt(long)).toBeNull();
});

describe("crossings between zones are where the balances say", () => {
  const lies: Readonly<Record<string, IngestCase>> = {
    "to the middle one late": edited(honest, { [MIDDLE]: { ...plain, delta: 1n }, [MIDDLE + 1]: { ...toMiddle, delta: 77n } }),
    "to high one late": edited(honest, { [HIGH]: { ...plain, delta: 1n }, [HIGH + 1]: { ...toHigh, delta: 0n } }),
    "no crossing at all": edited(honest, { [MIDDLE]: { ...plain, delta: 1n }, [HIGH]: { ...plain, delta: 1n } }),
    "no crossing to the middle": edited(honest, { [MIDDLE]: { ...plain, delta: 1n } }),
    "no crossing to high": edited(honest, { [HIGH]: { ...plain, delta: 1n } }),
    "toHigh on no crossing": edited(honest, { [HIGH]: { ...plain, delta: 1n, toHigh: 1n } }),
    "toHigh on the slot after its crossing": edited(honest, { [HIGH]: toMiddle, [HIGH + 1]: { toHigh: 1n } }),
    "toHigh on the slot before its crossing": edited(honest, { [HIGH]: toMiddle, [HIGH - 1]: { toHigh: 1n } }),
    "toHigh on the first of two crossings": edited(honest, { [MIDDLE]: toHigh, [HIGH]: toMiddle }),
    "toHigh on both crossings": edited(honest, { [MIDDLE]: toHigh }),
    "toHigh on neither crossing": edited(honest, { [HIGH]: toMiddle }),
    "toHigh alone": edited(honest, { [MIDDLE]: { ...plain, delta: 1n }, [HIGH]: plain, [HIGH + 1]: { toHigh: 1n } }),
    "toHigh twice": edited(honest, { [HIGH + 1]: { toHigh: 1n } }),
    "toHigh after the only crossing": edited(ingestCase([credit(-5n), credit(I), credit(I + 3n)], TERMS), { 1: { toHigh: 0n }, 2: { toHigh: 1n } }),
    "toHigh before the only crossing": edited(ingestCase([credit(-5n), credit(I), credit(I + 3n)], TERMS), { 1: { toHigh: 0n }, 0: { toHigh: 1n } }),
    "toHigh without any crossing": edited(ingestCase([credit(-5n), credit(-4n)], TERMS), { 1: { toHigh: 1n } }),
    "a third crossing, for balances that fall": edited(honest, { [HIGH + 1]: { ...toMiddle, delta: 0n } }),
    "a third crossing to high": edited(honest, { [HIGH + 1]: { ...toHigh, delta: 0n } }),
    "a crossing out of the negative zone at its last transaction": edited(honest, { [LAST_NEGATIVE]: { ...toMiddle, delta: 0n } }),
    "to high one early, with a negative difference": edited(honest, { [LAST_MIDDLE]: { ...toHigh, delta: -1n }, [HIGH]: { ...plain, delta: 1n } }),
    "one late across a chunk's end": edited(long, { 100: { ...plain, delta: 1n }, 101: { ...toMiddle, delta: 1n } }),
    "to high one late in the second chunk": edited(long, { 260: { ...plain, delta: I - 159n }, 261: { ...toHigh, delta: 1n } }),
  };
  test.each(partOf(Object.entries(lies)))("%s", async (_, lie) => {
    for (const aggregates of [aggregatesOf(lie), aggregatesOf(honest)]) expect(await failsAt({ ...lie, aggregates })).not.toBeNull();
  });

  test("balances that leave their zone at its end are refused at the ends", async () => {
    const single = (b: bigint, over: Partial<Slot>): IngestCase => edited(ingestCase([credit(b)], TERMS), { 0: over });
    expect(await failsAt(single(-1n, { delta: 2n ** 31n }))).toBe(AT_ENDS);
    expect(await failsAt(single(0n, { delta: I }))).toBe(AT_ENDS);
    expect(await failsAt(single(I, { toHigh: 0n, delta: I }))).toBe(AT_ENDS);
    expect(await failsAt(single(I, { toHigh: 0n, delta: I - 1n }))).toBeNull(); // another balance, said truly
  });

  test("hints are the balances that the crossings leave, and nothing else", async () => {
    const { leftFirst, leftSecond } = datasetSignals(honest);
    const lies: Signals[] = [
      { leftFirst: mod((leftFirst as bigint) + 1n) }, { leftSecond: (leftSecond as bigint) - 1n },
      { leftFirst: mod((leftFirst as bigint) - 1n), leftSecond: (leftSecond as bigint) + 1n },
      { leftFirst: leftSecond as bigint, leftSecond: leftFirst as bigint }, { leftFirst: 0n, leftSecond: 0n },
    ];
    for (const lie of lies) expect(await refused(dataset, datasetSignals(honest, lie))).toBe(true);
    const flat = ingestCase([credit(-5n)], TERMS);
    expect(await refused(dataset, datasetSignals(flat, { leftFirst: 1n }))).toBe(true);
    expect(await refused(dataset, datasetSignals(flat, { leftSecond: 1n }))).toBe(true);
    const once = ingestCase([credit(-5n), credit(4n)], TERMS);
    expect(await refused(dataset, datasetSignals(once, { leftSecond: 1n }))).toBe(true);
  });
});

describe("absent slots are last and empty", () => {
  test.each(partOf(Object.keys(ABSENT).slice(0, 10).filter((name) => name !== "type")))("one with %s is refused", async (name) =>
    expect(await failsAt(edited(honest, { 8: { [name]: 1n } }))).toBe(1));
  test.each([0, 3, 7])("one at %i with a present one after it is refused", async (p) => {
    const gap = edited(honest, { [p]: ABSENT, 8: { ...slot(honest, 7), delta: 0n } });
    expect(await failsAt(gap)).toBe(1);
  });
  test("the last slot of a chunk is no exception", async () => {
    expect(await failsAt(edited(honest, { 249: { charge: 1n } }))).toBe(1);
    expect(await failsAt(edited(honest, { 249: { type: 3n } }))).toBe(1);
  });
  test("a chunk without any transaction is refused", async () => {
    expect(await failsAt({ ...honest, chunks: [[]] })).toBe(1);
    expect(await failsAt({ ...long, chunks: [long.chunks[0] as Slot[], []] })).toBe(2);
  });
});

describe("the largest credit and the first day bound all and are attained", () => {
  const under = (change: Partial<IngestCase["header"]>): IngestCase => {
    const header = { ...honest.header, ...change };
    const slots = (honest.chunks[0] as Slot[]).map((s) => ({
      ...s,
      age: s.age + honest.header.firstDay - header.firstDay,
      charge: s.type === 1n ? s.charge + header.largest - honest.header.largest : s.charge,
    }));
    return { ...honest, header, chunks: [slots] };
  };
  test("a larger credit than any", async () => expect(await failsAt(under({ largest: honest.header.largest + 1n }))).toBe(AT_ENDS));
  test("a smaller one than the largest", async () => expect(await failsAt(under({ largest: honest.header.largest - 1n }))).toBe(1));
  test("an earlier day than any", async () => expect(await failsAt(under({ firstDay: honest.header.firstDay - 1n }))).toBe(AT_ENDS));
  test("a later one than the first", async () => expect(await failsAt(under({ firstDay: honest.header.firstDay + 1n }))).toBe(1));
  test("a largest credit without any credit", async () => {
    const none = ingestCase([debit(5n, { amount: 0n }), interest(6n, { amount: 0n })], TERMS);
    expect(await failsAt({ ...none, header: { ...none.header, largest: 1n } })).toBe(AT_ENDS);
  });
  test("anything in the header of an empty dataset", async () => {
    const none = ingestCase([], TERMS);
    expect(await failsAt({ ...none, header: { largest: 1n, firstDay: 0n } })).toBe(AT_ENDS);
    expect(await failsAt({ ...none, header: { largest: 0n, firstDay: 1n } })).toBe(AT_ENDS);
    expect(await failsAt({ ...none, header: headerOf([]) })).toBeNull();
  });
});

describe("a chunk's state is the one before with its slots, no other", () => {
  const fields = Object.keys(stateOf(honest, 0)) as (keyof State)[];
  test.each(partOf(fields))("%s after a chunk cannot be edited", async (name) => {
    for (const by of [1n, -1n, 1n << 40n]) {
      const lie = { ...long, editState: (s: State, i: number) => (i === 1 ? { ...s, [name]: mod(s[name] + by) } : s) };
      expect(await refused(ingest, chunkSignals(lie, 1))).toBe(true);
    }
  });
  test.each(partOf(fields))("%s before a chunk cannot be edited under its commitment", async (name) => {
    const lie = { ...long, editState: (s: State, i: number) => (i === 1 ? { ...s, [name]: mod(s[name] + 1n) } : s) };
    expect(await refused(ingest, { ...chunkSignals(lie, 2), stateIn: commitState(claimedState(long, 1)) })).toBe(true);
  });
  test.each(partOf(fields))("%s before the first chunk cannot be edited", async (name) => {
    const lie = { ...honest, editState: (s: State, i: number) => (i === 0 ? { ...s, [name]: mod(s[name] + 1n) } : s) };
    expect(await refused(dataset, datasetSignals(lie))).toBe(true);
  });

  test("a recent transaction can be neither hidden nor invented", async () => {
    const claim = (noRecent: bigint, leastRecent: bigint): IngestCase =>
      ({ ...honest, editState: (s, i) => (i === 1 ? { ...s, noRecent, leastRecent } : s) });
    const at = (balance: bigint, p: bigint): bigint => balance + (p << 64n);
    expect(await failsAt(claim(0n, at(77n, 3n)))).toBeNull(); // the truth
    expect(await failsAt(claim(1n, 0n))).toBe(1);
    expect(await failsAt(claim(0n, at(0n, 5n)))).toBe(1); // a later one
    expect(await failsAt(claim(0n, at(0n, 2n)))).toBe(1); // one that is not recent
    expect(await failsAt(claim(0n, at(77n, 5n)))).toBe(1);
  });
});

describe("chunks take part once each, in order, and only the last may be short", () => {
  const [one, two] = long.chunks as [Slot[], Slot[]];
  test("a short chunk before another", async () => expect(await failsAt({ ...long, chunks: [one.slice(0, 249), two] })).toBe(2));
  test("a chunk twice, under its own number", async () => expect(await failsAt({ ...long, chunks: [one, one], numbers: [1n, 1n] })).toBe(2));
  test("a chunk left out, the next under its own number", async () => {
    expect(await failsAt({ ...long, chunks: [two], numbers: [2n] })).toBe(1);
    expect(await failsAt({ ...long, chunks: [one, two, two], numbers: [1n, 3n, 2n] })).toBe(2);
  });
  test("a number above 2^32 that runs into the count", async () => expect(await failsAt({ ...long, numbers: [1n + (1n << 32n), 2n] })).toBe(1));
  test.each([-1n, 1n])("a chunk's count off by %s", async (by) => expect(await failsAt({ ...honest, counts: [8n + by] })).toBe(1));
  test("an end before all chunks", async () => {
    const early = datasetSignals(long, { ...datasetSignals({ ...long, chunks: [one] }), stateFirst: commitState(claimedState(long, 0)) });
    expect(await refused(dataset, early)).toBe(true);
    expect(await refused(dataset, { ...early, chunks: 2n })).toBe(true);
  });
  test("256 chunks", async () => {
    const none = ingestCase([], TERMS);
    const root = (n: bigint): bigint => poseidon([201n, n, BigInt(TERMS.asOfDay), I, 0n, 0n]);
    const claim = (n: bigint): Signals => datasetSignals({ ...none, editState: (s) => ({ ...s, root: root(n) }) }, {
      chunks: n, stateLast: commitState({ ...stateOf(none, 0), root: root(n), index: n }),
    });
    expect(await refused(dataset, claim(255n))).toBe(false);
    expect(await refused(dataset, claim(256n))).toBe(true);
  });
});

describe("fields have their widths", () => {
  const wide: Readonly<Record<string, Partial<Slot>>> = {
    "a difference of 2^32": { delta: 1n << 32n }, "a charge of 2^31": { charge: 1n << 31n }, "an age of 2^14": { age: 1n << 14n },
  };
  test.each(partOf(Object.entries(wide)))("%s", async (_, change) => expect(await failsAt(edited(honest, { 6: change }))).toBe(1));
  test.each(partOf([[0, 252n], [83, 252n], [84, 82n]]))("opened element %i has no bit %s", async (e, width) => {
    const signals = chunkSignals(honest, 1);
    const opened = (signals["opened"] as bigint[]).map((v, i) => (i === e ? v + (1n << width) : v));
    expect(await refused(ingest, { ...signals, opened })).toBe(true);
  });
  test.each([[0n, true], [1n, false], [2n ** 31n, false], [2n ** 31n + 1n, true]])("an instalment of %s is refused: %s", async (instalment, out) =>
    expect(await failsAt(ingestCase([credit(-4n)], { ...TERMS, instalment }))).toBe(out ? AT_ENDS : null));
  test("a first day after the loan, or 2^20 days before it", async () => {
    const days = (asOfDay: number, day: number): IngestCase => ({ ...ingestCase([credit(5n)], TERMS), terms: { ...TERMS, asOfDay }, header: { largest: 100n, firstDay: BigInt(day) } });
    expect(await failsAt(days(10, 11))).toBe(AT_ENDS);
    expect(await failsAt(days(2 ** 20, 0))).toBe(AT_ENDS);
    expect(await failsAt(days(2 ** 20 - 1, 0))).toBeNull();
  });
});

describe("the leaf holds the aggregates of the last state and no others", () => {
  const limbs = [[0, [0, 16, 32, 48, 64, 84, 121]], [1, [0, 48, 96, 144, 192]]] as const;
  test.each(partOf(limbs.flatMap(([e, at]) => at.map((bit) => [e, bit] as const))))("element %i, limb at bit %i", async (e, bit) => {
    for (const by of [1n, -1n]) {
      const aggregates = aggregatesOf(honest).map((v, i) => (i === e ? v + (by << BigInt(bit)) : v));
      expect(await failsAt({ ...honest, aggregates })).toBe(AT_ENDS);
    }
  });
  test("nor those of another dataset, whose ends it cannot borrow", async () => {
    const other = datasetSignals(long);
    for (const name of ["stateFirst", "stateLast", "leaf", "datasetRoot"]) {
      expect(await refused(dataset, datasetSignals(honest, { [name]: other[name] as bigint })), name).toBe(true);
    }
  });
});

describe("every input is bound", () => {
  const scalars = (signals: Signals): string[] => Object.keys(signals).filter((name) => typeof signals[name] === "bigint");
  test("of a step, public signals included", async () => {
    const signals = chunkSignals(long, 2);
    for (const name of scalars(signals)) expect(await refused(ingest, { ...signals, [name]: mod((signals[name] as bigint) + 1n) }), name).toBe(true);
    for (const [name, at] of [["opened", 0], ["opened", 40], ["opened", 84], ["rest", 0], ["rest", 17]] as const) {
      const changed = (signals[name] as bigint[]).map((v, i) => (i === at ? v ^ 1n : v));
      expect(await refused(ingest, { ...signals, [name]: changed }), `${name}[${at}]`).toBe(true);
    }
  });
  test("of both ends, public signals included", async () => {
    const signals = datasetSignals(honest);
    for (const name of scalars(signals)) expect(await refused(dataset, { ...signals, [name]: mod((signals[name] as bigint) + 1n) }), name).toBe(true);
  });
});

test("slots are accepted exactly when they are those of some records", async () => {
  const change = fc.record({
    position: fc.nat(), name: fc.constantFrom<keyof Slot>("delta", "charge", "age", "crossing", "toHigh", "type"),
    value: fc.oneof(fc.constantFrom(0n, 1n, I, I - 1n, 2n ** 31n), fc.bigInt({ min: 0n, max: 2n ** 31n })),
  });
  const verdicts = { accepted: 0, refused: 0 };
  const widths: Readonly<Partial<Record<keyof Slot, bigint>>> = { charge: 31n, age: 14n, crossing: 1n, toHigh: 1n, type: 2n };
  await fc.assert(fc.asyncProperty(accounts(8), fc.array(change, { minLength: 1, maxLength: 2 }), async ({ transactions, terms }, changes) => {
    const true_ = ingestCase(transactions, terms);
    const count = true_.chunks[0]?.length ?? 0;
    if (count === 0) return;
    const lie = changes.reduce((c, { position, name, value }) =>
      withSlot(c, position % (count + 1), { [name]: value % (1n << (widths[name] ?? 32n)) }), true_);
    const accepted = (await failsAt(lie)) === null;
    verdicts[accepted ? "accepted" : "refused"]++;
    expect(accepted).toBe(consistent(lie));
  }), { numRuns: 100, seed: 19990104 });
  expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(15);
});
