import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinChunks, packContexts } from "../../../src/protocol/chunks.js";
import type { CanonicalRecord } from "../../../src/protocol/records.js";
import { OPERATIONS, SYMBOLS, kindOf } from "../../../src/programs/retail-account/kinds.js";
import { zoneOf } from "../../../src/programs/retail-account/packing.js";
import { aggregate } from "../../../src/programs/program.js";
import { retailAccount } from "../../../src/programs/retail-account/program.js";
import { bits, boundBy, chunksOf, countIn, int, packDataset, slotsOf, tags, type PackedDataset } from "./harness.js";

const AS_OF = 10_400;
const INSTALMENT = 500;
const terms = { asOfDay: AS_OF, termsAmount: INSTALMENT };
const MOST = 2 ** 31 - 1;
const credit: CanonicalRecord = { day: AS_OF - 5, direction: 0, kind: 0, status: 0, amount: 40, balance: 100, daysLate: 0, tag: 0 };

const money = fc.oneof(int(0, 3), int(0, 2000), fc.constant(MOST), int(0, MOST));
const record = fc.record({
  day: fc.oneof(int(AS_OF - 95, AS_OF + 5), int(0, AS_OF - 1)), direction: int(0, 1),
  kind: fc.oneof(fc.constantFrom(kindOf(OPERATIONS.VYBER, 0), kindOf(0, SYMBOLS.UROK), kindOf(4, SYMBOLS.SIPO)), fc.tuple(int(0, 7), int(0, 7)).map(([o, s]) => kindOf(o, s))),
  status: fc.constant(0), amount: money, balance: fc.tuple(money, fc.boolean()).map(([m, negative]) => (negative ? 0 - m : m) + 0),
  daysLate: fc.constant(0), tag: fc.oneof(fc.constant(0), tags),
});
const dataset = fc.array(record, { maxLength: 60 });
const canonical = (records: readonly CanonicalRecord[]): CanonicalRecord[] => retailAccount.canonical(records, terms);
const bytesButTag = ({ tag: _, ...r }: CanonicalRecord): string => JSON.stringify(r);

/** The slots of 85 bits of a chunk: elements of 252 bits one after another. */
function openedSlots(opened: readonly bigint[]): bigint[] {
  const stream = opened.reduce((all, element, i) => all | (element << BigInt(252 * i)), 0n);
  expect(stream >> BigInt(250 * 85)).toBe(0n);
  return Array.from({ length: 250 }, (_, i) => (stream >> BigInt(85 * i)) & ((1n << 85n) - 1n));
}

interface Slot { delta: number; q: number; d: number; recent: number; x: number; y: number; type: number; cash: number; household: number; newPartner: number }
const WIDTHS: readonly [keyof Slot, number][] = [
  ["delta", 32], ["q", 31], ["d", 14], ["recent", 1], ["x", 1], ["y", 1], ["type", 2], ["cash", 1], ["household", 1], ["newPartner", 1],
];
function slotFields(slot: bigint): Slot {
  let at = 0;
  return Object.fromEntries(WIDTHS.map(([name, width]) => [name, bits(slot, (at += width) - width, width)])) as unknown as Slot;
}

/** Reads the records back from what D binds, without looking at a flag that only repeats them. */
function unpack({ header: [largest, firstDay], chunks, terms: { termsAmount } }: PackedDataset): CanonicalRecord[] {
  let [zone, offset] = [0, -(2 ** 31)];
  return chunks.flatMap(({ head, opened, rest }) => {
    const slots = openedSlots(opened).map(slotFields);
    const others = slotsOf(rest, 18, 14, 250);
    return slots.slice(0, countIn(head)).map(({ delta, q, d, x, y, type }, i) => {
      [zone, offset] = x === 1 ? [y === 1 ? 2 : 1, delta] : [zone, offset + delta];
      const other = others[i] ?? 0n;
      return {
        ...credit, day: Number(firstDay) + d, direction: type === 2 ? 1 : 0, kind: kindOf(bits(other, 0, 3), bits(other, 3, 3)),
        amount: type === 1 ? Number(largest) - q : q, balance: zone === 2 ? offset + termsAmount : offset, tag: bits(other, 6, 12),
      };
    });
  });
}

describe("canonical transactions", () => {
  test("are those before the as-of day, by balance and bytes, counterparties numbered by first appearance", () => {
    fc.assert(fc.property(dataset, (records) => {
      const out = canonical(records);
      expect(out.map(bytesButTag).sort()).toEqual(records.filter((r) => r.day < AS_OF).map(bytesButTag).sort());
      expect(out.map((r) => r.balance)).toEqual(out.map((r) => r.balance ?? 0).sort((a, b) => a - b));
      let most = 0;
      for (const { tag } of out) {
        expect(tag).toBeLessThanOrEqual(most + 1);
        most = Math.max(most, tag);
      }
      expect(most).toBe(new Set(records.filter((r) => r.day < AS_OF && r.tag !== 0).map((r) => r.tag)).size);
    }));
  });

  test("keep each counterparty's records together under one number, and no counterparty stays none", () => {
    const partners = [{ ...credit, tag: 9, balance: 3 }, { ...credit, tag: 4, balance: 2 }, { ...credit, balance: 1 }, { ...credit, tag: 9, balance: 1, day: AS_OF - 2 }];
    expect(canonical(partners).map((r) => [r.balance, r.tag])).toEqual([[1, 0], [1, 1], [2, 2], [3, 1]]);
  });

  test("have the aggregates of the records they were made from", () => {
    fc.assert(fc.property(dataset, (records) => {
      const of = (some: readonly CanonicalRecord[]) => aggregate(retailAccount, some, terms);
      expect(of(canonical(records))).toEqual(of(records));
    }));
  });

  test("are their own canonical form", () => {
    fc.assert(fc.property(dataset, (records) => void expect(canonical(canonical(records))).toEqual(canonical(records))));
  });

  test.each([["no balance", { balance: null }, "input_invalid"], ["void", { status: 1 }, "value_out_of_range"]])("%s is refused", (_, over, code) => {
    expect(() => canonical([{ ...credit, ...over }])).toThrowError(expect.objectContaining({ code }));
    expect(canonical([{ ...credit, ...over, day: AS_OF }])).toEqual([]);
  });
});

describe("cutting transactions", () => {
  test("250 a chunk, and at most as many chunks as the circuit counts", () => {
    const cut = (length: number): number[] => retailAccount.cut(Array.from({ length }, () => credit));
    expect([cut(0), cut(1), cut(250), cut(251)]).toEqual([[], [1], [250], [250, 1]]);
    expect(cut(63_750)).toHaveLength(255);
    expect(() => cut(63_751)).toThrowError(expect.objectContaining({ code: "input_too_large" }));
  });
});

describe("the header of transactions", () => {
  test("is the largest credit that is no interest and the earliest day", () => {
    const interest = { ...credit, kind: kindOf(0, SYMBOLS.UROK), amount: 900, day: AS_OF - 30 };
    const records = [credit, { ...credit, amount: 70 }, interest, { ...credit, direction: 1, amount: 800 }];
    expect(retailAccount.header(records, terms)).toEqual([70n, BigInt(AS_OF - 30)]);
    expect(retailAccount.header([interest], terms)).toEqual([0n, BigInt(AS_OF - 30)]);
    expect(retailAccount.header([], terms)).toEqual([0n, 0n]);
  });
});

describe("packing transactions", () => {
  const first = (records: CanonicalRecord[]) => packDataset(retailAccount, records, terms);

  test("the slots are those of section 3", () => {
    const interest = kindOf(0, SYMBOLS.UROK);
    const { chunks: [chunk], header } = first([
      { ...credit, balance: -7, tag: 5, day: AS_OF - 91 }, { ...credit, balance: -7, direction: 1, kind: kindOf(OPERATIONS.VYBER, SYMBOLS.SIPO), amount: 12, tag: 5, day: AS_OF - 90 },
      { ...credit, balance: 0, tag: 0, amount: 90 }, { ...credit, balance: 499, kind: interest, amount: 200, tag: 3 }, { ...credit, balance: 500 }, { ...credit, balance: 530, tag: 3 },
    ]);
    const slots = openedSlots(chunk?.opened ?? []).map(slotFields);
    const none: Slot = { delta: 0, q: 0, d: 0, recent: 0, x: 0, y: 0, type: 0, cash: 0, household: 0, newPartner: 0 };
    expect(header).toEqual([90n, BigInt(AS_OF - 91)]);
    expect(slots.slice(0, 7)).toEqual([
      { ...none, delta: 2 ** 31 - 7, q: 50, type: 1, newPartner: 1 },
      { ...none, delta: 0, q: 12, d: 1, recent: 1, type: 2, cash: 1, household: 1 },
      { ...none, delta: 0, q: 0, d: 86, recent: 1, x: 1, type: 1 },
      { ...none, delta: 499, q: 200, d: 86, recent: 1, type: 3, newPartner: 1 },
      { ...none, delta: 0, q: 50, d: 86, recent: 1, x: 1, y: 1, type: 1 },
      { ...none, delta: 30, q: 50, d: 86, recent: 1, type: 1 },
      none,
    ]);
    const rest = slotsOf(chunk?.rest ?? [], 18, 14, 250);
    expect(rest.slice(0, 7)).toEqual([1n << 6n, 2n | (1n << 3n) | (1n << 6n), 0n, (4n << 3n) | (2n << 6n), 0n, 2n << 6n, 0n]);
    expect([chunk?.opened.length, chunk?.rest.length, chunk?.direction, chunk?.head]).toEqual([85, 18, 0, 1n + (6n << 32n)]);
  });

  test("a chunk goes on where the one before ended: zone, balance and counterparties", () => {
    const records = Array.from({ length: 251 }, (_, i) => ({ ...credit, balance: 600 + i, tag: 1 + (i % 250) }));
    const { chunks: [, second] } = first(records);
    expect(slotFields(openedSlots(second?.opened ?? [])[0] ?? 0n)).toMatchObject({ delta: 1, x: 0, y: 0, newPartner: 0 });
    const contexts = packContexts(chunksOf(retailAccount, records, terms), terms, retailAccount.header(records, terms));
    expect(contexts.map((c) => c.tagsBefore)).toEqual([0, 250]);
  });

  test("is injective: the canonical records come back from what D binds", () => {
    fc.assert(fc.property(dataset, (records) => void expect(unpack(first(records))).toEqual(canonical(records))), { numRuns: 200 });
    const many = Array.from({ length: 700 }, (_, i) => ({ ...credit, day: AS_OF - 1 - (i % 300), balance: i * 3 - 400, amount: i, direction: i & 1, tag: (i * 7) % 90 }));
    expect(unpack(first(many))).toEqual(canonical(many));
  });

  test("the flags that repeat a record are those of the record", () => {
    fc.assert(fc.property(dataset, (records) => {
      const out = canonical(records);
      const { chunks: [chunk] } = first(records);
      const slots = openedSlots(chunk?.opened ?? []).map(slotFields);
      out.forEach(({ day, direction, kind, balance, tag }, i) => {
        const { recent, cash, household, newPartner, x, y, type } = slots[i] as Slot;
        const zones = [zoneOf(out[i - 1]?.balance ?? -1, INSTALMENT), zoneOf(balance ?? 0, INSTALMENT)];
        expect([recent === 1, cash === 1, household === 1, newPartner === 1, x === 1, y === 1]).toEqual([
          day >= AS_OF - 90, direction === 1 && (kind & 15) === 2, kind >> 4 === 1, tag > Math.max(0, ...out.slice(0, i).map((r) => r.tag)),
          zones[0] !== zones[1], zones[0] !== zones[1] && zones[1] === 2,
        ]);
        expect(type).toBe(direction === 1 ? 2 : kind >> 4 === 4 ? 3 : 1);
      });
    }), { numRuns: 100 });
  });

  test("every change of a field of a record changes what D binds", () => {
    const fields = fc.record({ day: int(0, AS_OF + 9), direction: int(0, 1), kind: fc.tuple(int(0, 7), int(0, 7)).map(([o, s]) => kindOf(o, s)), amount: money, balance: int(-MOST, MOST), tag: tags }, { requiredKeys: [] });
    fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), fields, (records, at, change) => {
      const changed = records.map((r, i) => (i === at % records.length ? { ...r, ...change } : r));
      const same = JSON.stringify(canonical(records)) === JSON.stringify(canonical(changed));
      expect(boundBy(first(records)) === boundBy(first(changed))).toBe(same);
    }), { numRuns: 300 });
  });

  test("other terms change what D binds, even where the slots are the same", () => {
    const zones = (termsAmount: number): string => boundBy(packDataset(retailAccount, [{ ...credit, balance: -5 }], { ...terms, termsAmount }));
    expect(zones(500)).not.toBe(zones(501));
  });

  test.each([
    ["operation", [{ kind: kindOf(8, 0) }]], ["symbol", [{ kind: kindOf(0, 8) }]], ["amount", [{ amount: MOST + 1 }]], ["amount", [{ amount: -1 }]],
    ["balance", [{ balance: MOST + 1 }]], ["balance", [{ balance: -MOST - 1 }]], ["status", [{ status: 1 }]], ["daysLate", [{ daysLate: 1 }]],
    ["day", [{ day: 0 }, { day: 2 ** 14 }]],
  ])("what it has no room for is refused by name: %s %j", (field, overs) => {
    const late = { asOfDay: 2 ** 14 + 1, termsAmount: 1 };
    expect(() => packDataset(retailAccount, overs.map((over) => ({ ...credit, ...over })), late)).toThrowError(
      expect.objectContaining({ code: "value_out_of_range", facts: expect.objectContaining({ field }) }));
  });

  test("4,095 counterparties fit, one more is refused", () => {
    const partners = (count: number) => () => packDataset(retailAccount, Array.from({ length: count }, (_, i) => ({ ...credit, tag: i + 1 })), terms);
    expect(partners(4095)).not.toThrow();
    expect(partners(4096)).toThrowError(expect.objectContaining({ facts: expect.objectContaining({ field: "tag" }) }));
  });

  test("the widest values come back", () => {
    const widest = [
      { ...credit, day: 0, amount: MOST, balance: -MOST }, { ...credit, day: 2 ** 14 - 1, amount: 0, balance: -1, direction: 1 },
      { ...credit, balance: MOST, amount: MOST, direction: 1 }, { ...credit, balance: 0, kind: kindOf(7, 7) },
    ].map((r) => ({ ...r, day: r.day === 0 ? 0 : 2 ** 14 - 1 }));
    for (const termsAmount of [1, MOST]) {
      const wide = { asOfDay: 2 ** 14, termsAmount };
      expect(unpack(packDataset(retailAccount, widest, wide))).toEqual(retailAccount.canonical(widest, wide));
    }
  });
});

describe("joining chunks of transactions refuses what is not canonical", () => {
  const records = Array.from({ length: 253 }, (_, i) => ({ ...credit, balance: i, tag: i % 9 }));
  const [a, b] = chunksOf(retailAccount, records, terms) as [ReturnType<typeof chunksOf>[number], ReturnType<typeof chunksOf>[number]];
  const change = (c: typeof a, at: number, over: Partial<CanonicalRecord>) => ({ ...c, records: c.records.map((r, i) => (i === at ? { ...r, ...over } : r)) });
  const cases: [string, typeof a[]][] = [
    ["a number that skips one", [change(a, 8, { tag: 9 }), b]],
    ["a second number for one counterparty's place", [change(change(a, 1, { tag: 2 }), 2, { tag: 1 }), b]],
    ["a balance out of order", [change(a, 0, { balance: 10 }), b]],
    ["a record of the as-of day", [a, change(b, 2, { day: AS_OF })]],
    ["a chunk that is not full", [{ ...a, records: a.records.slice(0, -1) }, { ...b, records: [a.records.at(-1), ...b.records] as CanonicalRecord[] }]],
    ["an empty chunk", [a, b, { ...b, index: 3, records: [] }]],
    ["chunks out of sequence", [b, a]],
  ];
  test("while the honest ones join, under their own terms only", () => {
    expect(joinChunks(retailAccount, [a, b], terms)).toHaveLength(253);
    expect(() => joinChunks(retailAccount, [a, b], { ...terms, asOfDay: AS_OF - 5 })).toThrowError(expect.objectContaining({ code: "input_invalid" }));
  });
  test.each(cases)("%s", (_, chunks) => {
    expect(() => joinChunks(retailAccount, chunks, terms)).toThrowError(expect.objectContaining({ code: "input_invalid" }));
  });
});
