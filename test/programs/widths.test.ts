import { describe, expect, test } from "vitest";
import type { CanonicalRecord } from "../../src/protocol/records.js";
import { aggregate } from "../../src/programs/program.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";

const MOST = 2 ** 36 - 1;
const year = { asOfDay: 18_261, termsAmount: 0 };
const loan = { asOfDay: 18_000, termsAmount: 1 };
const sale: CanonicalRecord = { day: 18_261, direction: 0, kind: 0, status: 0, amount: MOST, balance: null, daysLate: 0, tag: 1 };
const MOST_MONEY = 2 ** 31 - 1;
const payment: CanonicalRecord = { ...sale, day: 17_999, amount: MOST_MONEY, balance: 5 };
const times = (count: number, record: CanonicalRecord): CanonicalRecord[] => Array.from({ length: count }, () => record);
const refused = (aggregateName: string) => expect.objectContaining({ code: "value_out_of_range", facts: expect.objectContaining({ aggregate: aggregateName }) });

describe("whoever commits refuses sums that do not fit, by the aggregate's name", () => {
  const invoices = (records: CanonicalRecord[]) => () => aggregate(smeInvoice, records, year);
  const payments = (records: CanonicalRecord[]) => () => aggregate(retailAccount, records, loan);

  test("sme-invoice at its widths, one beyond", () => {
    const most = [...times(32, sale), { ...sale, amount: 31 }]; // 2^41 - 1
    const least = [...times(32, { ...sale, amount: -MOST }), { ...sale, amount: -32 }]; // -2^41
    const purchase = { ...sale, direction: 1 };
    expect(invoices(most)).not.toThrow();
    expect(invoices([...most, { ...sale, amount: 1 }])).toThrowError(refused("sales[35]"));
    expect(invoices([...least, { ...purchase, amount: -5 }])).not.toThrow();
    expect(invoices([...least, { ...sale, amount: -1 }])).toThrowError(refused("sales[35]"));
    // A margin is -(2^41 - 1)..2^41
    expect(invoices([{ ...sale, amount: 1 }, ...times(32, purchase), { ...purchase, amount: 32 }])).not.toThrow();
    expect(invoices([...times(32, purchase), { ...purchase, amount: 32 }])).toThrowError(refused("margins[35]"));
  });

  test("running sums are refused before they stop being exact", () => {
    expect(invoices(times(2 ** 16 + 2, sale))).toThrowError(refused("sales"));
  });

  test("retail-account: 65,535 transactions at the widest amounts", () => {
    expect(payments(times(65_535, { ...payment, amount: 2, balance: -MOST_MONEY }))).not.toThrow();
    expect(payments(times(65_535, payment))).not.toThrow();
    expect(payments(times(65_536, { ...payment, amount: 2 }))).toThrowError(refused("count"));
  });

  test("sme-invoice: one customer's sum below 2^47 either way, whatever others return", () => {
    const bought = times(2048, sale);
    const returned = times(2048, { ...sale, amount: -MOST, tag: 2 });
    const more = (by: number): CanonicalRecord[] => [{ ...sale, amount: by }, { ...sale, amount: -by, tag: 2 }];
    expect(invoices([...bought, ...returned, ...more(2047)])).not.toThrow();
    expect(invoices([...bought, ...returned, ...more(2048)])).toThrowError(refused("largestCustomer"));
  });
});

describe("a record that the program has no meaning for is refused", () => {
  test.each([
    ["negative amount", { amount: -1 }, "value_out_of_range"], ["void", { status: 1 }, "value_out_of_range"], ["no balance", { balance: null }, "input_invalid"],
    ["wide amount", { amount: MOST_MONEY + 1 }, "value_out_of_range"], ["wide balance", { balance: MOST_MONEY + 1 }, "value_out_of_range"], ["wide overdraft", { balance: -MOST_MONEY - 1 }, "value_out_of_range"],
  ])("retail-account: %s", (_, over, code) => {
    expect(() => aggregate(retailAccount, [{ ...payment, ...over }], loan)).toThrowError(expect.objectContaining({ code }));
  });
});
