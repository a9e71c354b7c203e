import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../src/protocol/bytes.js";
import { dateFromDay, dayFromDate, isoDate } from "../../../src/programs/calendar.js";
import { counterpartyTag, tagRecords } from "../../../src/programs/import/dataset.js";
import { importFile } from "../../../src/programs/import/single-file.js";
import { retailAccount } from "../../../src/programs/retail-account/program.js";
import { smeInvoice } from "../../../src/programs/sme-invoice/program.js";
import { importText, inPieces, stream } from "../helpers.js";

const HEADER = "enterprise,dir,invoice_no,date,counterparty,net_fen,tax_fen,gross_fen,valid";
const LINES = [
  "E1,sale,1,2019-05-06,B1,100,13,113,1",
  "E1,purchase,2,2019-05-07,A1,-50,0,-50,1",
  "E1,sale,3,2019-05-08,B2,7,0,7,0",
];
const terms = { asOfDay: 18_261, termsAmount: 0 };
const csv = (lines: readonly string[], end = "\n"): string => [HEADER, ...lines, ""].join(end);
const wanted = [
  { day: 18_022, direction: 0, kind: 0, status: 0, amount: 100, balance: null, daysLate: 0, tag: 1 },
  { day: 18_023, direction: 1, kind: 0, status: 0, amount: -50, balance: null, daysLate: 0, tag: 2 },
  { day: 18_024, direction: 0, kind: 0, status: 1, amount: 7, balance: null, daysLate: 0, tag: 3 },
];
const imported = async (content: string | Uint8Array) => (await importText(smeInvoice, content, terms)).records;

describe("spellings of one file that mean the same", () => {
  test.each([
    ["LF", csv(LINES)],
    ["CRLF", csv(LINES, "\r\n")],
    ["a byte order mark", `\ufeff${csv(LINES)}`],
    ["quotes", csv(LINES.map((l) => l.split(",").map((v) => `"${v}"`).join(",")))],
    ["quotes and CRLF", csv(LINES.map((l) => l.replace("B1", '"B1"')), "\r\n")],
    ["no final line end", csv(LINES).trimEnd()],
  ])("%s", async (_, content) => {
    expect(await imported(content)).toEqual(wanted);
    for (const size of [1, 2, 5, 11]) {
      expect((await importFile(smeInvoice, inPieces(content, size), { terms })).records).toEqual(wanted);
    }
  });

  test("columns in another order, and no applicant column", async () => {
    const reversed = [HEADER, ...LINES].map((l) => l.split(",").slice(1).reverse().join(",")).join("\n");
    expect(await imported(reversed)).toEqual(wanted);
  });

  test("quoted commas, quotes and line ends belong to the value", async () => {
    const content = csv(['E1,sale,1,2019-05-06,"Ba""r, Söhne\n& 公司",100,13,113,1']);
    const dataset = await importText(smeInvoice, content, terms);
    expect(dataset.counterparties.text(0)).toBe('Ba"r, Söhne\n& 公司');
    expect(dataset.records).toEqual([wanted[0]]);
  });

  test("a mapping renames columns and values and leaves columns out", async () => {
    const content = "开票日期,方向,对方,金额,税额,价税合计,状态,备注\n2019-05-06,销项,B1,100,13,113,正常,x\n";
    const mapping = {
      columns: { date: "开票日期", dir: "方向", counterparty: "对方", net_fen: "金额", tax_fen: "税额", gross_fen: "价税合计", valid: "状态" },
      values: { dir: { 销项: "sale", 进项: "purchase" }, valid: { 正常: "1", 作废: "0" } },
      ignore: ["备注"],
    };
    const dataset = await importFile(smeInvoice, stream(content), { terms, mapping });
    expect(dataset.records).toEqual([wanted[0]]);
  });

  test("retail-account: kinds, empty partner, balance", async () => {
    const content = "date,type,operation,amount_haler,balance_haler,k_symbol,partner\n1997-01-01,D,PREVOD NA UCET,5,-7,SIPO,XY-1\n1997-01-02,C,,3,-4,UROK,\n";
    const { records } = await importText(retailAccount, content, { asOfDay: 10_000, termsAmount: 1 });
    expect(records.map((r) => [r.direction, r.kind, r.amount, r.balance, r.tag])).toEqual([[1, 0x14, 5, -7, 1], [0, 0x40, 3, -4, 0]]);
  });
});

describe("what is reported and does not stop an import", () => {
  const warnings = async (lines: readonly string[]) => (await importText(smeInvoice, csv(lines), terms)).warnings;
  const first = LINES[0] ?? "";

  test("exact duplicates are dropped and counted", async () => {
    const dataset = await importText(smeInvoice, csv([...LINES, first, first, first.replace(",1,2019", ",9,2019")]), terms);
    expect(dataset.records).toHaveLength(4);
    expect(dataset.warnings).toEqual([{ kind: "duplicate_rows", count: 2, file: "data.csv", line: 5 }]);
  });

  test("gross that is not net + tax", async () => {
    expect(await warnings([first, first.replace("113", "114")])).toEqual([{ kind: "gross_mismatch", count: 1, file: "data.csv", line: 3 }]);
  });

  test("days outside the window", async () => {
    const dates = ["2016-12-31", "2017-01-01", "2019-12-31", "2020-01-01"].map((d) => first.replace("2019-05-06", d));
    expect(await warnings(dates)).toEqual([{ kind: "outside_window", count: 2, file: "data.csv", line: 2 }]);
  });

  test("a missing last line end", async () => {
    const dataset = await importText(smeInvoice, csv(LINES).trimEnd(), terms);
    expect(dataset.warnings).toEqual([{ kind: "no_final_newline", count: 1, file: "data.csv", line: 4 }]);
  });
});

describe("tagRecords", () => {
  const key = (byte: number) => new Uint8Array(32).fill(byte);

  test("gives the first 48 bits of the HMAC, 0 for no counterparty", async () => {
    const { createHmac } = await import("node:crypto");
    const dataset = await importText(smeInvoice, csv(LINES), terms);
    const { records } = tagRecords({ ...dataset, records: [...dataset.records, { ...dataset.records[0]!, tag: 0 }] }, () => key(5));
    const tag = (name: string): number => parseInt(createHmac("sha256", key(5)).update(name).digest("hex").slice(0, 12), 16);
    expect(records.map((r) => r.tag)).toEqual([tag("B1"), tag("A1"), tag("B2"), 0]);
    expect(counterpartyTag(key(5), utf8("B1"))).toBe(tag("B1"));
  });

  test("features do not depend on the key", async () => {
    const { featuresOf } = await import("../helpers.js");
    const dataset = await importText(smeInvoice, csv(LINES), terms);
    expect(featuresOf(smeInvoice, { terms, records: tagRecords(dataset, () => key(1)).records })).toEqual(featuresOf(smeInvoice, dataset));
  });
});

describe("calendar", () => {
  test("agrees with the platform's own on every day of the range", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 65_535 }), (day) => {
      const iso = new Date(day * 86_400_000).toISOString().slice(0, 10);
      expect(isoDate(day)).toBe(iso);
      const { year, month, day: dayOfMonth } = dateFromDay(day);
      expect(dayFromDate(year, month, dayOfMonth)).toBe(day);
    }), { numRuns: 3000 });
  });
});
