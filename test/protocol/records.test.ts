import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeChunk, encodeChunk, joinChunks, splitIntoChunks, type RecordLayout } from "../../src/protocol/chunks.js";
import { toHex } from "../../src/protocol/bytes.js";
import { balancePacking, compactPacking } from "../../src/protocol/packing.js";
import { byCounterparty, byDay, ensureOrder } from "../../src/protocol/record-order.js";
import { decodeRecord, encodeRecord, type CanonicalRecord } from "../../src/protocol/records.js";

const MOST = 2 ** 36 - 1;
const plain: CanonicalRecord = { day: 18_261, direction: 1, kind: 0x42, status: 1, amount: -5, balance: 7, daysLate: 9, tag: 0xabcdef012345 };

const int = (min: number, max: number) => fc.integer({ min, max });
const tag = fc.tuple(int(0, 2 ** 16 - 1), fc.oneof(int(0, 3), int(0, 2 ** 31))).map(([h, l]) => h * 2 ** 32 + l);
const amount = fc.oneof(int(-2, 2), fc.constantFrom(-MOST, MOST, -(2 ** 32), 2 ** 32), fc.tuple(int(-15, 15), int(0, 2 ** 31)).map(([h, l]) => h * 2 ** 32 + l));
const shape = { day: fc.oneof(int(0, 2), int(0, 65535)), direction: int(0, 1), kind: int(0, 255), status: int(0, 1), amount, tag };
const record = fc.record({ ...shape, balance: fc.option(amount), daysLate: int(0, 65535) });
const compact = fc.record({ ...shape, balance: fc.constant(null), daysLate: fc.constant(0) });
const withBalance = fc.record({ ...shape, balance: fc.option(amount), daysLate: fc.constant(0) });

describe("encodeRecord, decodeRecord", () => {
  test("the 40 bytes are those of protocol section 3", () => {
    expect(toHex(encodeRecord(plain))).toBe(
      "00004755" + "01" + "42" + "01" + "01" + "fffffffffffffffb" + "0000000000000007" + "0009" + "0000" + "0000" + "abcdef012345" + "00000000",
    );
  });

  test("every record survives the round trip", () => {
    fc.assert(fc.property(record, (r) => void expect(decodeRecord(encodeRecord(r))).toEqual(r)));
  });

  test("no two byte strings decode to one record: what decodes encodes to itself", () => {
    fc.assert(fc.property(record, int(0, 39), int(0, 255), (r, at, byte) => {
      const bytes = encodeRecord(r);
      bytes[at] = byte;
      let decoded: CanonicalRecord;
      try {
        decoded = decodeRecord(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(input_invalid|value_out_of_range)$/) });
        return;
      }
      expect(toHex(encodeRecord(decoded))).toBe(toHex(bytes));
    }), { numRuns: 2000 });
  });

  test.each([
    ["day", 65536], ["day", 1.5], ["direction", 2], ["kind", 256], ["status", 2], ["amount", MOST + 1], ["amount", NaN],
    ["balance", -MOST - 1], ["daysLate", 65536], ["tag", 2 ** 48], ["tag", -1],
  ])("%s = %d is refused by name", (field, value) => {
    expect(() => encodeRecord({ ...plain, [field]: value })).toThrowError(expect.objectContaining({ code: "value_out_of_range", facts: { field, value } }));
  });
});

describe("packing", () => {
  const bits = (element: bigint, at: number, width: number): number => Number((element >> BigInt(at)) & ((1n << BigInt(width)) - 1n));
  const unpack = (e: bigint) => ({
    day: bits(e, 0, 16), direction: bits(e, 16, 1), kind: bits(e, 17, 8), status: bits(e, 25, 1), amount: bits(e, 26, 37) - 2 ** 36, tag: bits(e, 63, 48),
  });
  const common = ({ day, direction, kind, status, amount: value, tag: t }: CanonicalRecord) => ({ day, direction, kind, status, amount: value, tag: t });

  test("compact: two records of 111 bits an element come back", () => {
    fc.assert(fc.property(compact, compact, (a, b) => {
      const element = compactPacking.pack([a, b]);
      expect([unpack(element), unpack(element >> 111n)]).toEqual([common(a), common(b)]);
      expect(compactPacking.pack([a])).toBe(element & ((1n << 111n) - 1n));
    }));
  });

  test("with balance: 149 bits, absent and zero balances differ", () => {
    fc.assert(fc.property(withBalance, (r) => {
      const element = balancePacking.pack([r]);
      expect(unpack(element)).toEqual(common(r));
      expect(bits(element, 111, 1)).toBe(r.balance === null ? 0 : 1);
      expect(bits(element, 112, 37) - 2 ** 36).toBe(r.balance ?? 0);
      expect(element >> 149n).toBe(0n);
    }));
    expect(balancePacking.pack([])).toBe(0n);
  });

  test("what a packing leaves out must be absent: different records never commit alike", () => {
    const refused = expect.objectContaining({ code: "value_out_of_range" });
    expect(() => compactPacking.pack([{ ...plain, daysLate: 0 }])).toThrowError(refused);
    expect(() => compactPacking.pack([{ ...plain, balance: null }])).toThrowError(refused);
    expect(() => balancePacking.pack([plain])).toThrowError(refused);
  });
});

describe("canonical orders", () => {
  const hex = (r: CanonicalRecord): string => toHex(encodeRecord(r));
  const sign = (x: number): number => Math.sign(x);
  const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

  test("byDay is the order of the bytes", () => {
    fc.assert(fc.property(record, record, (a, b) => void expect(sign(byDay(a, b))).toBe(compare(hex(a), hex(b)))), { numRuns: 1000 });
  });

  test("byCounterparty is direction, tag, day, then bytes", () => {
    fc.assert(fc.property(record, record, (a, b) => {
      const wanted = compare(a.direction, b.direction) || compare(a.tag, b.tag) || compare(a.day, b.day) || compare(hex(a), hex(b));
      expect(sign(byCounterparty(a, b))).toBe(wanted);
    }), { numRuns: 1000 });
  });

  test("a dataset out of order is refused", () => {
    const late = { ...plain, day: 3 };
    expect(() => ensureOrder(byDay, [late, { ...plain, day: 2 }])).toThrowError(expect.objectContaining({ facts: { index: 1 } }));
    expect(() => ensureOrder(byDay, [late, late])).not.toThrow();
  });
});

describe("chunks", () => {
  const layout: RecordLayout = { id: "test/1", tag: 9n, packing: balancePacking, order: byDay, slotsPerChunk: 4 };
  const records = [5, 3, 9, 1, 7, 2].map((day) => ({ ...plain, day, daysLate: 0 }));
  const salt = () => new Uint8Array(31).fill(6);

  test("are cut in order, all full but the last, and join again", () => {
    const chunks = splitIntoChunks(layout, records, salt);
    expect(chunks.map((c) => [c.index, c.records.map((r) => r.day)])).toEqual([[1, [1, 2, 3, 5]], [2, [7, 9]]]);
    const opened = chunks.map((c) => decodeChunk(layout, encodeChunk(layout, c)));
    expect(joinChunks(layout, opened)).toEqual([...records].sort(byDay));
  });

  test("plaintexts have one length whatever they hold", () => {
    const lengths = splitIntoChunks(layout, records, salt).map((c) => encodeChunk(layout, c).length);
    expect(new Set(lengths)).toEqual(new Set([44 + 4 * 40]));
  });

  test("dropped, swapped, short or reordered chunks are refused", () => {
    const [a, b] = splitIntoChunks(layout, records, salt) as [ReturnType<typeof decodeChunk>, ReturnType<typeof decodeChunk>];
    const refused = expect.objectContaining({ code: "input_invalid" });
    for (const chunks of [[b], [b, a], [a, b, { ...b, index: 3, records: [] }], [{ ...a, records: a.records.slice(1) }, b], [{ ...b, index: 1 }, { ...a, index: 2 }]]) {
      expect(() => joinChunks(layout, chunks)).toThrowError(refused);
    }
  });

  test("a plaintext with any padding, magic or length changed is refused", () => {
    const [, last] = splitIntoChunks(layout, records, salt);
    const bytes = encodeChunk(layout, last ?? { index: 1, records: [], salt: salt() });
    for (const at of [0, 3, 43, bytes.length - 1]) {
      const changed = bytes.slice();
      changed[at] = 1;
      expect(() => decodeChunk(layout, changed)).toThrowError(expect.objectContaining({ code: "input_invalid" }));
    }
    expect(() => decodeChunk(layout, bytes.slice(1))).toThrowError(expect.objectContaining({ code: "input_invalid" }));
  });
});
