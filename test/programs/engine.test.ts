import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateRetailAccount } from "../../src/programs/generator/retail-account.js";
import { retailAccountEdgeCases } from "../../src/programs/generator/retail-account-edges.js";
import { generateSmeInvoice } from "../../src/programs/generator/sme-invoice.js";
import { smeInvoiceEdgeCases } from "../../src/programs/generator/sme-invoice-edges.js";
import { openDataFolder } from "../../src/programs/import/data-folder.js";
import { memorySource } from "../../src/programs/import/source.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { scoreApplicants } from "../../src/programs/score-applicants.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { featuresOf, importText, valuesOf } from "./helpers.js";
import { referenceAccountFeatures } from "./reference/retail-account.js";
import { referenceInvoiceFeatures } from "./reference/sme-invoice.js";
import { isoOfDay, parseTable } from "./reference/table.js";

const INVOICE_HEADER = "enterprise,dir,invoice_no,date,counterparty,net_fen,tax_fen,gross_fen,valid";
const ACCOUNT_HEADER = "account_id,trans_id,date,type,operation,amount_haler,balance_haler,k_symbol,partner,source";
const AS_OF = 18_261; // 2019-12-31
const LOAN_DAY = 10_400;

const oneOf = <T extends string>(...values: T[]) => fc.constantFrom(...values);
/** Small numbers meet edges and zero sums, large ones meet widths. */
const signed = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -(10 ** 6), max: 10 ** 7 }), fc.integer({ min: -(2 ** 36) + 1, max: 2 ** 31 - 1 }));
/** The money of accounts has 31 bits. */
const money = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -(10 ** 6), max: 10 ** 7 }), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }));

const invoiceRow = fc.tuple(oneOf("sale", "sale", "purchase"), fc.integer({ min: AS_OF - 1200, max: AS_OF + 40 }), fc.integer({ min: 1, max: 6 }), signed, oneOf("1", "1", "1", "0"))
  .map(([dir, day, who, net, valid]) => `E,${dir},7,${isoOfDay(day)},C${who},${net},0,${net},${valid}`);
const accountRow = fc.record({
  day: fc.integer({ min: LOAN_DAY - 900, max: LOAN_DAY + 3 }), type: oneOf("C", "D"),
  operation: oneOf("", "VKLAD", "VYBER", "PREVOD Z UCTU", "PREVOD NA UCET", "VYBER KARTOU"),
  amount: money.map((v) => Math.abs(v)), balance: money, symbol: oneOf("", "", "SIPO", "UROK", "SLUZBY", "DUCHOD"), partner: oneOf("", "", "P1", "P2", "P3"),
}).map((r) => `1,1,${isoOfDay(r.day)},${r.type},${r.operation},${r.amount},${r.balance},${r.symbol},${r.partner},x`);

const rowsOf = (header: string, row: fc.Arbitrary<string>) =>
  fc.array(row, { minLength: 1, maxLength: 30 }).map((rows) => `${[header, ...rows].join("\n")}\n`);

describe("the engine equals an independent implementation of the definitions", () => {
  test("sme-invoice on random invoices", async () => {
    await fc.assert(fc.asyncProperty(rowsOf(INVOICE_HEADER, invoiceRow), async (csv) => {
      const dataset = await importText(smeInvoice, csv, { asOfDay: AS_OF, termsAmount: 0 });
      expect(valuesOf(featuresOf(smeInvoice, dataset))).toEqual(referenceInvoiceFeatures(csv, AS_OF));
    }), { numRuns: 400 });
  });

  test("retail-account on random transactions and terms", async () => {
    const instalments = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }));
    await fc.assert(fc.asyncProperty(rowsOf(ACCOUNT_HEADER, accountRow), instalments, async (csv, instalment) => {
      const dataset = await importText(retailAccount, csv, { asOfDay: LOAN_DAY, termsAmount: instalment });
      expect(valuesOf(featuresOf(retailAccount, dataset))).toEqual(referenceAccountFeatures(csv, LOAN_DAY, BigInt(instalment)));
    }), { numRuns: 400 });
  });

  test.each([...smeInvoiceEdgeCases()])("sme-invoice: $name", async ({ csv, terms, aim }) => {
    const values = valuesOf(featuresOf(smeInvoice, await importText(smeInvoice, csv, terms)));
    expect(values).toEqual(referenceInvoiceFeatures(csv, terms.asOfDay));
    if (aim?.reached === true) expect(values[aim.feature]).toBe(BigInt(aim.edge));
    if (aim?.reached === false) expect(values[aim.feature]).toBeLessThan(BigInt(aim.edge));
  });

  test.each([...retailAccountEdgeCases()])("retail-account: $name", async ({ csv, terms, aim }) => {
    const values = valuesOf(featuresOf(retailAccount, await importText(retailAccount, csv, terms)));
    expect(values).toEqual(referenceAccountFeatures(csv, terms.asOfDay, BigInt(terms.termsAmount)));
    if (aim?.reached === true) expect(values[aim.feature]).toBe(BigInt(aim.edge));
    if (aim?.reached === false) expect(values[aim.feature]).toBeLessThan(BigInt(aim.edge));
  });

  test("sme-invoice on the generator's enterprises", async () => {
    const files = generateSmeInvoice({ seed: "engine", enterprises: 12, defaultShare: 0.5 });
    const run = await scoreApplicants(await openDataFolder(memorySource(files)), "all");
    const [header = "", ...lines] = (files.get("invoices_generated.csv") ?? "").trim().split("\n");
    expect(run.applicants).toHaveLength(12);
    for (const { applicant, features } of run.applicants) {
      const own = [header, ...lines.filter((l) => l.startsWith(`${applicant},`))].join("\n");
      const reference = referenceInvoiceFeatures(own, AS_OF);
      expect(features).toEqual(Object.fromEntries(Object.entries(reference).map(([k, v]) => [k, Number(v)])));
    }
  });

  test("retail-account on the generator's accounts", async () => {
    const files = generateRetailAccount({ seed: "engine", accounts: 40, badShare: 0.5 });
    const folder = await openDataFolder(memorySource(files));
    const run = await scoreApplicants(folder, "all");
    const [header = "", ...lines] = (files.get("transactions.csv") ?? "").trim().split("\n");
    const loans = parseTable(files.get("loans.csv") ?? "");
    expect(run.applicants).toHaveLength(40);
    for (const { applicant, features } of run.applicants) {
      const own = [header, ...lines.filter((l) => l.startsWith(`${applicant},`))].join("\n");
      const instalment = BigInt(loans.find((l) => l["account_id"] === applicant)?.["payments_haler"] ?? "");
      const reference = referenceAccountFeatures(own, folder.applicants.get(applicant)?.asOfDay ?? 0, instalment);
      expect(features).toEqual(Object.fromEntries(Object.entries(reference).map(([k, v]) => [k, Number(v)])));
    }
  });
});
