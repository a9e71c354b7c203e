import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinChunks, packContexts } from "../../../src/protocol/chunks.js";
import type { CanonicalRecord } from "../../../src/protocol/records.js";
import { dateFromDay, dayFromDate } from "../../../src/programs/calendar.js";
import { cutInvoices } from "../../../src/programs/sme-invoice/packing.js";
import { aggregate } from "../../../src/programs/program.js";
import { smeInvoice } from "../../../src/programs/sme-invoice/program.js";
import { bits, boundBy, chunksOf, countIn, int, packDataset, slotsOf, tags, type PackedDataset } from "./harness.js";

const AS_OF = dayFromDate(2019, 12, 31);
const terms = { asOfDay: AS_OF, termsAmount: 0 };
const MOST = 2 ** 36 - 1;
const sale: CanonicalRecord = { day: AS_OF, direction: 0, kind: 0, status: 0, amount: 5, balance: null, daysLate: 0, tag: 7 };

const day = fc.oneof(int(AS_OF - 1200, AS_OF + 40), int(0, 65535));
const amount = fc.oneof(int(-3, 3), fc.constantFrom(-MOST, MOST), fc.tuple(int(-15, 15), int(0, 2 ** 31)).map(([h, l]) => h * 2 ** 32 + l));
const record = fc.record({ day, direction: int(0, 1), kind: fc.constant(0), status: int(0, 1), amount, balance: fc.constant(null), daysLate: fc.constant(0), tag: tags });
const dataset = fc.array(record, { maxLength: 60 });
const canonical = (records: readonly CanonicalRecord[]): CanonicalRecord[] => smeInvoice.canonical(records, terms);

/** Reads the records back from what D binds: so no two canonical datasets pack alike. */
function unpack({ chunks }: PackedDataset): CanonicalRecord[] {
  let direction = 0;
  let tag = 0;
  return chunks.flatMap(({ head, opened, rest }) => {
    const lows = slotsOf(opened, 44, 5, 320);
    const highs = slotsOf(rest, 17, 14, 320);
    if (bits(head, 64, 1) !== direction) [direction, tag] = [bits(head, 64, 1), 0];
    return Array.from({ length: countIn(head) }, (_, i) => {
      const [low, high] = [lows[i] ?? 0n, highs[i] ?? 0n];
      tag += bits(low, 37, 1);
      return { ...sale, direction, tag, amount: bits(low, 0, 37) - 2 ** 36, day: bits(high, 0, 16), status: bits(high, 16, 1) };
    });
  });
}

describe("canonical invoices", () => {
  test("are all records, by direction, counterparty and day, counterparties numbered from 1 in each direction by their tags", () => {
    fc.assert(fc.property(dataset, (records) => {
      const out = canonical(records);
      for (const direction of [0, 1]) {
        const known = [...new Set(records.filter((r) => r.direction === direction).map((r) => r.tag))].sort((a, b) => a - b);
        const wanted = records.filter((r) => r.direction === direction).map((r) => ({ ...r, tag: known.indexOf(r.tag) + 1 }));
        const found = out.filter((r) => r.direction === direction);
        expect([...found].map((r) => JSON.stringify(r)).sort()).toEqual(wanted.map((r) => JSON.stringify(r)).sort());
      }
      const keys = out.map((r) => [r.direction, r.tag, r.day] as const);
      expect(keys).toEqual([...keys].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]));
    }));
  });

  test("have the aggregates of the records they were made from", () => {
    fc.assert(fc.property(dataset, (records) => {
      const of = (some: readonly CanonicalRecord[]) => aggregate(smeInvoice, some, terms);
      expect(of(canonical(records))).toEqual(of(records));
    }));
  });

  test("are their own canonical form, whatever order the records came in", () => {
    fc.assert(fc.property(dataset, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (records, random) => {
      const out = canonical(records);
      const shuffled = records.map((r) => [random.next().value as number, r] as const).sort((a, b) => a[0] - b[0]).map(([, r]) => r);
      expect(canonical(out)).toEqual(out);
      expect(canonical(shuffled)).toEqual(out);
    }));
  });
});

describe("cutting invoices", () => {
  const group = (tag: number, count: number, direction = 0): CanonicalRecord[] => Array.from({ length: count }, () => ({ ...sale, tag, direction }));
  const groups = (count: number, direction = 0): CanonicalRecord[] => Array.from({ length: count }, (_, i) => ({ ...sale, tag: i + 1, direction }));
  const lengths = (records: CanonicalRecord[]): number[] => cutInvoices(canonical(records));

  test.each<[string, CanonicalRecord[], number[]]>([
    ["no record, no chunk", [], []],
    ["320 records fill a chunk", group(1, 320), [320]],
    ["the 321st begins another", group(1, 321), [320, 1]],
    ["80 customers fit", groups(80), [80]],
    ["the 81st customer begins another", groups(81), [80, 1]],
    ["more sales of the 80th customer fit", [...groups(80), ...group(80, 240)], [320]],
    ["a customer that goes on takes no head", [...group(1, 321), ...groups(81).slice(1)], [320, 81]],
    ["suppliers are not limited", groups(321, 1), [320, 1]],
    ["the other direction begins another", [...group(1, 3), ...group(1, 2, 1)], [3, 2]],
    ["both limits at once", [...groups(81), ...groups(2, 1)], [80, 1, 2]],
  ])("%s", (_, records, wanted) => expect(lengths(records)).toEqual(wanted));

  test("is greedy: no chunk could take the next record, and none breaks a limit", () => {
    const many = fc.array(fc.record({ tag: int(1, 400), direction: fc.constantFrom(0, 0, 1) }), { minLength: 300, maxLength: 1200 });
    const fits = (chunk: readonly CanonicalRecord[], before: CanonicalRecord | undefined): boolean => {
      const steps = chunk.filter((r, i) => {
        const last = i === 0 ? before : chunk[i - 1];
        return last?.direction !== r.direction || last.tag !== r.tag;
      });
      return chunk.length <= 320 && new Set(chunk.map((r) => r.direction)).size === 1 && (chunk[0]?.direction === 1 || steps.length <= 80);
    };
    fc.assert(fc.property(many, (rows) => {
      const records = canonical(rows.map((r) => ({ ...sale, ...r })));
      let at = 0;
      for (const n of cutInvoices(records)) {
        expect(n).toBeGreaterThan(0);
        expect(fits(records.slice(at, at + n), records[at - 1])).toBe(true);
        if (at + n < records.length) expect(fits(records.slice(at, at + n + 1), records[at - 1])).toBe(false);
        at += n;
      }
      expect(at).toBe(records.length);
    }), { numRuns: 50 });
  });
});

describe("packing invoices", () => {
  test("the slots are those of section 3", () => {
    const { chunks: [chunk] } = packDataset(smeInvoice, [sale, { ...sale, day: AS_OF - 1, status: 1, amount: -9 }, { ...sale, tag: 3, day: 9 }], terms);
    const opened = slotsOf(chunk?.opened ?? [], 44, 5, 320);
    const rest = slotsOf(chunk?.rest ?? [], 17, 14, 320);
    expect([chunk?.opened.length, chunk?.rest.length, chunk?.direction, chunk?.head]).toEqual([64, 23, 0, 1n + (3n << 32n)]);
    const slot = (value: number, step: bigint, code: bigint): bigint => BigInt(value + 2 ** 36) | (step << 37n) | (code << 38n);
    expect(opened.slice(0, 4)).toEqual([slot(5, 1n, 48n), slot(-9, 1n, 52n), slot(5, 0n, 3n + 4n * 2n + 16n * 2n), slot(0, 0n, 48n)]);
    expect(rest.slice(0, 4)).toEqual([9n, BigInt(AS_OF - 1) | (1n << 16n), BigInt(AS_OF), 0n]);
  });

  test("every day of the window has its month's code, and no other day has one", () => {
    for (let at = AS_OF - 1150; at < AS_OF + 40; at++) {
      const { chunks: [chunk] } = packDataset(smeInvoice, [{ ...sale, day: at }], terms);
      const code = bits(chunk?.opened[0] ?? 0n, 38, 6);
      const { year, month } = dateFromDay(at);
      const m = (year - 2017) * 12 + month - 1;
      if (m < 0 || m > 35) expect(code).toBe(48);
      else expect(12 * (code >> 4) + 4 * ((code >> 2) & 3) + (code & 3)).toBe(m);
      expect((code >> 2) & 3).toBeLessThan(3);
    }
  });

  test("is injective: the canonical records come back from what D binds", () => {
    fc.assert(fc.property(dataset, (records) => void expect(unpack(packDataset(smeInvoice, records, terms))).toEqual(canonical(records))), { numRuns: 200 });
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...sale, tag: 1 + ((i * 7) % 300), direction: Number(i % 5 === 0), amount: i }));
    expect(unpack(packDataset(smeInvoice, many, terms))).toEqual(canonical(many));
  });

  test("every change of a field of a record changes what D binds", () => {
    const fields = fc.record({ day: int(0, 65535), direction: int(0, 1), status: int(0, 1), amount, tag: tags }, { requiredKeys: [] });
    fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(), fields, (records, at, change) => {
      const changed = records.map((r, i) => (i === at % records.length ? { ...r, ...change } : r));
      const same = JSON.stringify(canonical(records)) === JSON.stringify(canonical(changed));
      expect(boundBy(packDataset(smeInvoice, records, terms)) === boundBy(packDataset(smeInvoice, changed, terms))).toBe(same);
    }), { numRuns: 300 });
  });

  test.each([["kind", { kind: 1 }], ["balance", { balance: 0 }], ["daysLate", { daysLate: 1 }], ["amount", { amount: MOST + 1 }], ["day", { day: 65536 }]])(
    "what it has no room for is refused by name: %s", (field, over) => {
      expect(() => packDataset(smeInvoice, [{ ...sale, ...over }], terms)).toThrowError(
        expect.objectContaining({ code: "value_out_of_range", facts: expect.objectContaining({ field }) }));
    });
});

describe("joining chunks of invoices refuses what is not canonical", () => {
  const records = Array.from({ length: 90 }, (_, i) => ({ ...sale, tag: i + 1, amount: i }));
  const [a, b] = chunksOf(smeInvoice, [...records, { ...sale, tag: 90, day: AS_OF - 3 }], terms) as [ReturnType<typeof chunksOf>[number], ReturnType<typeof chunksOf>[number]];
  const retag = (by: number) => ({ ...b, records: b.records.map((r) => ({ ...r, tag: r.tag + by })) });
  const cases: [string, typeof a[]][] = [
    ["a gap in the numbers", [a, retag(1)]],
    ["a number that begins below 1", [{ ...a, records: a.records.map((r) => ({ ...r, tag: r.tag - 1 })) }, retag(-1)]],
    ["two records that changed places", [{ ...a, records: [a.records[1], a.records[0], ...a.records.slice(2)] as CanonicalRecord[] }, b]],
    ["days of one counterparty out of order", [a, { ...b, records: [...b.records.slice(0, -2), b.records.at(-1), b.records.at(-2)] as CanonicalRecord[] }]],
    ["a record moved to the next chunk", [{ ...a, records: a.records.slice(0, -1) }, { ...b, records: [a.records.at(-1), ...b.records] as CanonicalRecord[] }]],
    ["a record moved to the chunk before", [{ ...a, records: [...a.records, b.records[0]] as CanonicalRecord[] }, { ...b, records: b.records.slice(1) }]],
    ["an empty chunk at the end", [a, b, { ...b, index: 3, records: [] }]],
    ["chunks out of sequence", [b, a]],
    ["a first chunk that is missing", [b]],
    ["one index twice", [a, { ...b, index: 1 }]],
  ];
  test("while the honest ones join", () => expect(joinChunks(smeInvoice, [a, b], terms)).toHaveLength(91));
  test.each(cases)("%s", (_, chunks) => {
    expect(() => joinChunks(smeInvoice, chunks, terms)).toThrowError(expect.objectContaining({ code: "input_invalid" }));
  });
  test("the context of a chunk is the record before it", () => {
    expect(packContexts([a, b], terms, smeInvoice.header([], terms)).map((c) => [c.before, c.tagsBefore])).toEqual([[null, 0], [a.records.at(-1), 80]]);
  });
});
