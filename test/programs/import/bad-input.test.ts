import { describe, expect, test } from "vitest";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { ImportOptions } from "../../../src/programs/import/import-transactions.js";
import { importFile } from "../../../src/programs/import/single-file.js";
import { retailAccount } from "../../../src/programs/retail-account/program.js";
import { smeInvoice } from "../../../src/programs/sme-invoice/program.js";
import { inPieces, importText } from "../helpers.js";

const HEADER = "enterprise,dir,invoice_no,date,counterparty,net_fen,tax_fen,gross_fen,valid";
const GOOD = "E1,sale,1,2019-05-06,B1,100,13,113,1";
const terms = { asOfDay: 18_261, termsAmount: 0 };
const csv = (...lines: string[]): string => `${[HEADER, ...lines].join("\n")}\n`;
const row = (edit: Record<string, string>): string => {
  const names = HEADER.split(",");
  return GOOD.split(",").map((value, i) => edit[names[i] ?? ""] ?? value).join(",");
};
const bytes = (...parts: (string | number[])[]): Uint8Array =>
  new Uint8Array(parts.flatMap((p) => (typeof p === "string" ? [...new TextEncoder().encode(p)] : p)));

/** The refusal's code, message and facts; fails when the import succeeds. */
async function refusal(content: string | Uint8Array, options: ImportOptions = {}): Promise<Record<string, unknown>> {
  const error = await importText(smeInvoice, content, terms, options).then(() => undefined, (e: unknown) => e);
  if (!(error instanceof VeriteeError)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, message: error.message, ...error.facts };
}

type Case = [name: string, content: string | Uint8Array, wanted: Record<string, unknown>];

describe("a bad file is refused, naming file, line, field and value", () => {
  test.each<Case>([
    ["empty file", "", { code: "input_invalid", message: "empty file" }],
    ["header only", csv(), { code: "input_invalid", message: "no records" }],
    ["missing columns", "enterprise,dir,date,counterparty\n", { code: "input_invalid", line: 1, field: "net_fen, tax_fen, gross_fen, valid" }],
    ["unknown columns", `${HEADER},colour,size\n`, { code: "input_invalid", line: 1, field: "colour, size" }],
    ["column twice", `${HEADER},date\n`, { code: "input_invalid", line: 1, field: "date" }],
    ["too few fields", csv(GOOD, "E1,sale,2"), { code: "import_row_invalid", line: 3, fields: 3, expected: 9 }],
    ["too many fields", csv(`${GOOD},x`), { code: "import_row_invalid", line: 2, fields: 10 }],
    ["more fields than any table has", csv(",".repeat(100)), { code: "import_row_invalid", line: 2, limit: 64 }],
    ["empty line inside", csv(GOOD, "", GOOD), { code: "import_row_invalid", line: 3, message: "empty line" }],
    ["huge line", csv(GOOD, row({ counterparty: "B".repeat(20_000) })), { code: "input_too_large", line: 3, limit: 16_384 }],
    ["huge line without end", `${csv(GOOD)}${"x".repeat(200_000)}`, { code: "input_too_large", line: 3 }],
    ["unclosed quote", csv(GOOD, '"E1,sale'), { code: "import_row_invalid", line: 3, message: "quoted field is not closed" }],
    ["quote inside a field", csv(row({ counterparty: 'B"1' })), { code: "import_row_invalid", line: 2 }],
    ["text after a quote", csv(row({ counterparty: '"B"1' })), { code: "import_row_invalid", line: 2, message: "text after a closing quote" }],
    ["lone carriage return", csv(row({ counterparty: "B\r1" })), { code: "import_row_invalid", line: 2 }],
    ["control character", csv(row({ counterparty: "B\u00011" })), { code: "import_row_invalid", line: 2, message: "control character" }],
    ["GBK bytes", bytes(`${HEADER}\nE1,sale,1,2019-05-06,`, [0xb9, 0xab, 0xcb, 0xbe], ",100,13,113,1\n"), { code: "import_row_invalid", line: 2, message: "not UTF-8", byte: HEADER.length + 22 }],
    ["UTF-8 cut inside a letter", bytes(`${HEADER}\nE1,sale,1,2019-05-06,`, [0xe5, 0x85], ",100,13,113,1\n"), { line: 2, message: "not UTF-8" }],
    ["overlong UTF-8", bytes(`${HEADER}\nE1,sale,1,2019-05-06,`, [0xc0, 0xaf], ",100,13,113,1\n"), { line: 2, message: "not UTF-8" }],
    ["UTF-8 surrogate in quotes", bytes(`${HEADER}\nE1,sale,1,2019-05-06,"`, [0xed, 0xa0, 0x80], '",100,13,113,1\n'), { line: 2, message: "not UTF-8" }],
    ["UTF-16 with a mark", bytes([0xff, 0xfe, 0x65, 0, 0x6e, 0]), { code: "import_row_invalid", message: "UTF-16 file", line: 1, byte: 0 }],
    ["UTF-16 without a mark", bytes([0x65, 0, 0x6e, 0]), { code: "import_row_invalid", line: 1, byte: 1 }],
    ["direction unknown", csv(row({ dir: "Sale" })), { code: "import_row_invalid", line: 2, field: "dir", value: "Sale" }],
    ["direction empty", csv(row({ dir: "" })), { line: 2, field: "dir", value: "" }],
    ["valid unknown", csv(GOOD, row({ valid: "2" })), { line: 3, field: "valid", value: "2" }],
    ["counterparty empty", csv(row({ counterparty: "" })), { line: 2, field: "counterparty", value: "" }],
    ["enterprise empty", csv(row({ enterprise: "" })), { line: 2, field: "enterprise", value: "" }],
    ["another enterprise", csv(GOOD, row({ enterprise: "E2" })), { code: "import_row_invalid", line: 3, field: "enterprise", value: "E2" }],
    ...["2019-02-29", "2019-13-01", "2019-00-10", "2019-04-31", "2019-01-00"].map((date): Case => [`no such day ${date}`, csv(row({ date })), { code: "import_row_invalid", line: 2, field: "date", value: date, message: "no such calendar day" }]),
    ...["2019-1-01", "06.05.2019", "2019/05/06", "20190506", "", "2019-05-06 ", "2o19-05-06"].map((date): Case => [`not a date "${date}"`, csv(row({ date })), { line: 2, field: "date", value: date, message: "not a date of the form YYYY-MM-DD" }]),
    ...["1969-12-31", "2149-06-07", "9999-12-31"].map((date): Case => [`date out of range ${date}`, csv(row({ date })), { code: "value_out_of_range", line: 2, field: "date", value: date }]),
    ...["", "-", "1.50", "1e3", "+5", "007", "-0", " 5", "0x10", "五"].map((net_fen): Case => [`amount "${net_fen}"`, csv(row({ net_fen })), { code: "import_row_invalid", line: 2, field: "net_fen", value: net_fen }]),
    ...["68719476736", "-68719476736", "9".repeat(15), "9".repeat(30)].map((net_fen): Case => [`amount out of range ${net_fen}`, csv(row({ net_fen })), { code: "value_out_of_range", line: 2, field: "net_fen", value: net_fen }]),
    ["long values are shown short", csv(row({ net_fen: "x".repeat(100) })), { line: 2, field: "net_fen", value: `${"x".repeat(40)}...` }],
  ])("%s", async (_, content, wanted) => {
    expect(await refusal(content)).toMatchObject({ file: "data.csv", ...wanted });
  });

  test("more rows than the limit", async () => {
    const limits = { maxLineBytes: 1000, maxRows: 2 };
    const rows = [1, 2, 3].map((i) => row({ invoice_no: String(i) }));
    expect(await refusal(csv(...rows), { limits })).toMatchObject({ code: "input_too_large", line: 4, limit: 2 });
  });

  test("the same line and field wherever the stream is cut", async () => {
    const content = csv(GOOD, '"E1",sale,2,2019-05-06,"B\n1",100,13,113,1', row({ net_fen: "1.5" }));
    for (const size of [1, 2, 3, 7, 64]) {
      const error = await importFile(smeInvoice, inPieces(content, size), { terms }).catch((e: unknown) => e);
      expect(error).toMatchObject({ facts: { file: "data.csv", line: 5, field: "net_fen", value: "1.5" } });
    }
  });

  test("amounts that fit alone but not in sum are refused by the aggregate's name", async () => {
    const { aggregate } = await import("../../../src/programs/program.js");
    const rows = Array.from({ length: 33 }, (_, i) => row({ invoice_no: String(i), net_fen: "68719476735", gross_fen: "68719476748" }));
    const dataset = await importText(smeInvoice, csv(...rows), terms);
    expect(() => aggregate(smeInvoice, dataset.records, terms)).toThrowError(expect.objectContaining({ code: "value_out_of_range", facts: expect.objectContaining({ aggregate: "sales[28]" }) }));
  });

  test("retail-account: a negative amount, an unknown operation, terms out of range", async () => {
    const account = (line: string) => `date,type,operation,amount_haler,balance_haler,k_symbol,partner\n${line}\n`;
    const at = { asOfDay: 10_000, termsAmount: 5 };
    await expect(importText(retailAccount, account("1997-01-01,C,VKLAD,-1,5,,"), at)).rejects.toMatchObject({ code: "value_out_of_range", facts: { line: 2, field: "amount_haler", value: "-1" } });
    await expect(importText(retailAccount, account("1997-01-01,C,CASH,1,5,,"), at)).rejects.toMatchObject({ code: "import_row_invalid", facts: { line: 2, field: "operation", value: "CASH" } });
    await expect(importText(retailAccount, account("1997-01-01,C,,1,5,,"), { ...at, termsAmount: 0 })).rejects.toMatchObject({ code: "terms_invalid", facts: { field: "termsAmount" } });
    await expect(importText(retailAccount, account("1997-01-01,C,,1,5,,"), { ...at, asOfDay: -1 })).rejects.toMatchObject({ code: "terms_invalid", facts: { field: "asOfDay" } });
  });
});
