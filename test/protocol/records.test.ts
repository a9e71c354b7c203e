import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeChunk, encodeChunk, joinChunks, splitIntoChunks, type RecordLayout } from "../../src/protocol/chunks.js";
import { toHex } from "../../src/protocol/bytes.js";
import type { Field } from "../../src/protocol/field.js";
import { joinBits, packSlots, packStream } from "../../src/protocol/packing.js";
import { byBalance, byCounterparty } from "../../src/protocol/record-order.js";
import { decodeRecord, encodeRecord, sameRecord, type CanonicalRecord } from "../../src/protocol/records.js";

const MOST = 2 ** 36 - 1;
const plain: CanonicalRecord = { day: 18_261, direction: 1, kind: 0x42, status: 1, amount: -5, balance: 7, daysLate: 9, tag: 0xabcdef012345 };

const int = (min: number, max: number) => fc.integer({ min, max });
const tag = fc.tuple(int(0, 2 ** 16 - 1), fc.oneof(int(0, 3), int(0, 2 ** 31))).map(([h, l]) => h * 2 ** 32 + l);
const amount = fc.oneof(int(-2, 2), fc.constantFrom(-MOST, MOST, -(2 ** 32), 2 ** 32), fc.tuple(int(-15, 15), int(0, 2 ** 31)).map(([h, l]) => h * 2 ** 32 + l));
const shape = { day: fc.oneof(int(0, 2), int(0, 65535)), direction: int(0, 1), kind: int(0, 255), status: int(0, 1), amount, tag };
const record = fc.record({ ...shape, balance: fc.option(amount), daysLate: int(0, 65535) });

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
  const value = (width: number) => fc.bigInt(0n, (1n << BigInt(width)) - 1n);
  const cut = (elements: readonly bigint[], width: number, elementBits: number, count: number): bigint[] => {
    const stream = elements.reduce((all, e, i) => all | (e << BigInt(elementBits * i)), 0n);
    return Array.from({ length: count }, (_, i) => (stream >> BigInt(width * i)) & ((1n << BigInt(width)) - 1n));
  };

  test.each([[44, 5], [17, 14], [18, 14]])("slots of %d bits, %d an element, come back and nothing lies above them", (width, perElement) => {
    fc.assert(fc.property(fc.array(value(width), { maxLength: 40 }), (values) => {
      const elements = packSlots(values, width, perElement);
      expect(elements).toHaveLength(Math.ceil(values.length / perElement));
      expect(cut(elements, width, width * perElement, values.length)).toEqual(values);
      elements.forEach((e) => void expect(e >> BigInt(width * perElement)).toBe(0n));
    }));
  });

  test("a stream of 85 bits a value fills elements of 252", () => {
    fc.assert(fc.property(fc.array(value(85), { maxLength: 40 }), (values) => {
      const elements = packStream(values, 85, 252);
      expect(elements).toHaveLength(Math.ceil((values.length * 85) / 252));
      expect(cut(elements, 85, 252, values.length)).toEqual(values);
      elements.forEach((e) => void expect(e >> 252n).toBe(0n));
    }));
  });

  test("a value that is wider than its slot never reaches its neighbour", () => {
    expect(joinBits([[5, 3], [1, 1], [2, 2]])).toBe(5n | (1n << 3n) | (2n << 4n));
    const internal = expect.objectContaining({ code: "internal" });
    for (const wide of [8, -1, 1.5, NaN]) expect(() => joinBits([[wide, 3]])).toThrowError(internal);
    expect(() => packSlots([1n << 44n], 44, 5)).toThrowError(internal);
    expect(() => packStream([-1n], 85, 252)).toThrowError(internal);
    expect(() => packSlots([0n], 44, 6)).toThrowError(internal);
    expect(() => packStream([0n], 85, 254)).toThrowError(internal);
  });
});

describe("canonical orders", () => {
  const hex = (r: CanonicalRecord): string => toHex(encodeRecord(r));
  const sign = (x: number): number => Math.sign(x);
  const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

  test("byBalance is balance, then the bytes without the tag", () => {
    fc.assert(fc.property(record, record, (a, b) => {
      const wanted = compare(a.balance ?? 0, b.balance ?? 0) || compare(hex({ ...a, tag: 0 }), hex({ ...b, tag: 0 }));
      expect(sign(byBalance(a, b))).toBe(wanted);
    }), { numRuns: 1000 });
  });

  test("byCounterparty is direction, tag, day, then bytes", () => {
    fc.assert(fc.property(record, record, (a, b) => {
      const wanted = compare(a.direction, b.direction) || compare(a.tag, b.tag) || compare(a.day, b.day) || compare(hex(a), hex(b));
      expect(sign(byCounterparty(a, b))).toBe(wanted);
    }), { numRuns: 1000 });
  });

  test("sameRecord sees every field", () => {
    fc.assert(fc.property(record, record, (a, b) => void expect(sameRecord(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b))));
    for (const over of [{ day: 1 }, { direction: 0 }, { kind: 1 }, { status: 0 }, { amount: 1 }, { balance: null }, { daysLate: 1 }, { tag: 1 }]) {
      expect(sameRecord(plain, { ...plain, ...over })).toBe(false);
    }
    expect(sameRecord(plain, { ...plain })).toBe(true);
  });
});

describe("chunks", () => {
  const byDay = (a: CanonicalRecord, b: CanonicalRecord): number => a.day - b.day;
  const layout: RecordLayout = {
    id: "test/1", tag: 9n, slotsPerChunk: 4,
    canonical: (all, { asOfDay }) => all.filter((r) => r.day < asOfDay).sort(byDay),
    cut: ({ length }) => Array.from({ length: Math.ceil(length / 4) }, (_, i) => Math.min(4, length - 4 * i)),
    header: () => [0n as Field, 0n as Field],
    pack: () => ({ direction: 0, opened: [], rest: [] }),
  };
  const terms = { asOfDay: 10, termsAmount: 0 };
  const records = [1, 2, 3, 5, 7, 9].map((day) => ({ ...plain, day, daysLate: 0 }));
  const salt = () => new Uint8Array(31).fill(6);

  test("are cut in order and join again", () => {
    const chunks = splitIntoChunks(layout, records, salt);
    expect(chunks.map((c) => [c.index, c.records.map((r) => r.day)])).toEqual([[1, [1, 2, 3, 5]], [2, [7, 9]]]);
    const opened = chunks.map((c) => decodeChunk(layout, encodeChunk(layout, c)));
    expect(joinChunks(layout, opened, terms)).toEqual(records);
  });

  test("plaintexts have one length whatever they hold", () => {
    const lengths = splitIntoChunks(layout, records, salt).map((c) => encodeChunk(layout, c).length);
    expect(new Set(lengths)).toEqual(new Set([44 + 4 * 40]));
  });

  test("dropped, swapped, short or reordered chunks are refused", () => {
    const [a, b] = splitIntoChunks(layout, records, salt) as [ReturnType<typeof decodeChunk>, ReturnType<typeof decodeChunk>];
    const refused = expect.objectContaining({ code: "input_invalid" });
    const late = { ...b, records: [...b.records.slice(0, -1), { ...plain, day: 10 }] };
    for (const chunks of [[a, late], [b], [b, a], [a, b, { ...b, index: 3, records: [] }], [{ ...a, records: a.records.slice(1) }, b], [{ ...b, index: 1 }, { ...a, index: 2 }], [{ ...a, records: [...a.records].reverse() }, b]]) {
      expect(() => joinChunks(layout, chunks, terms)).toThrowError(refused);
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
