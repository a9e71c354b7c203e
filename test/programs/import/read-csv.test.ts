import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteStrings } from "../../../src/programs/import/byte-strings.js";
import { parseMapping } from "../../../src/programs/import/parse-mapping.js";
import { readCsv } from "../../../src/programs/import/read-csv.js";
import { utf8 } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { inPieces } from "../helpers.js";

async function read(content: string | Uint8Array, size: number): Promise<{ table: string[][]; lines: number[] }> {
  const table: string[][] = [];
  const lines: number[] = [];
  await readCsv(inPieces(content, size), (names) => {
    table.push([...names]);
    return (row) => {
      lines.push(row.line);
      table.push(Array.from({ length: row.count }, (_, index) => row.text({ label: "", index })));
    };
  });
  return { table, lines };
}

const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`;
const cell = fc.oneof(fc.constantFrom("", "a", "1", ",", '"', "\n", "\r\n", '""', "é", "公司", "🚚", " x "), fc.string({ maxLength: 6, unit: fc.constantFrom("b", ",", '"', "\n", "ü", "7") }));
const table = fc.integer({ min: 1, max: 5 }).chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 8 }));

describe("readCsv", () => {
  test("reads back every table, however it is quoted, ended and cut", async () => {
    await fc.assert(fc.asyncProperty(table, fc.constantFrom("\n", "\r\n"), fc.integer({ min: 1, max: 40 }), fc.boolean(), async (rows, end, size, bom) => {
      const texts = rows.map((r) => r.map((v) => (/[",\r\n]/.test(v) || r.length === 1 ? quote(v) : v)).join(",") + end);
      const { table: back, lines } = await read((bom ? "\ufeff" : "") + texts.join(""), size);
      expect(back).toEqual(rows);
      const lineOf = (i: number): number => texts.slice(0, i).join("").split("\n").length;
      expect(lines).toEqual(rows.slice(1).map((_, i) => lineOf(i + 1)));
    }), { numRuns: 500 });
  });

  test("gives rows or a refusal that names the line for any bytes, never another error", async () => {
    const bytes = fc.array(fc.oneof(fc.constantFrom(...utf8('",\r\na1')), fc.integer({ min: 0, max: 255 })), { maxLength: 60 }).map((b) => new Uint8Array(b));
    await fc.assert(fc.asyncProperty(bytes, fc.integer({ min: 1, max: 10 }), async (content, size) => {
      const outcome = (n: number) => read(content, n).then((r) => ({ ...r, error: undefined }), (error: unknown) => ({ table: undefined, lines: undefined, error }));
      const whole = await outcome(1000);
      if (whole.error !== undefined) expect(whole.error).toBeInstanceOf(VeriteeError);
      const cut = await outcome(size);
      expect(cut.table).toEqual(whole.table);
      if (whole.error instanceof VeriteeError) expect(cut.error).toMatchObject({ code: whole.error.code, facts: whole.error.facts });
    }), { numRuns: 2000 });
  });
});

describe("ByteStrings", () => {
  test("numbers distinct strings as they come, whatever their hashes", () => {
    fc.assert(fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 600 }), (strings) => {
      const set = new ByteStrings();
      const known: string[] = [];
      for (const s of strings) {
        const bytes = utf8(`xx${s}`);
        if (!known.includes(s)) known.push(s);
        expect(set.add(bytes, 2, bytes.length)).toBe(known.indexOf(s));
      }
      expect(known.map((_, i) => set.text(i))).toEqual(known);
    }), { numRuns: 50 });
  });
});

describe("parseMapping", () => {
  test("takes the three parts", () => {
    const mapping = { columns: { date: "d" }, values: { dir: { out: "sale" } }, ignore: ["x"] };
    expect(parseMapping(mapping)).toEqual(mapping);
    expect(parseMapping({})).toEqual({});
  });

  test.each<[unknown, string]>([
    [[], "mapping.json"], [{ column: {} }, "mapping.column"], [{ columns: { date: 3 } }, "mapping.columns.date"], [{ columns: [] }, "mapping.columns"],
    [{ values: { dir: "sale" } }, "mapping.values.dir"], [{ values: { dir: { a: 1 } } }, "mapping.values.dir.a"], [{ ignore: "x" }, "mapping.ignore"], [{ ignore: [1] }, "mapping.ignore[0]"],
  ])("refuses %j, naming the field", (json, field) => {
    expect(() => parseMapping(json)).toThrowError(expect.objectContaining({ code: "input_invalid", facts: { field } }));
  });
});
