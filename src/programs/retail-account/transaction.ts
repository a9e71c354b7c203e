import { ensure } from "../../protocol/errors.js";
import { checkRecord, type CanonicalRecord } from "../../protocol/records.js";
import { OPERATIONS, operationOf, SYMBOLS, symbolOf } from "./kinds.js";

/** Exclusive bound of amounts, |balances| and instalments: 2^31 minor units, so that a difference of balances has 32 bits. */
export const MONEY_BOUND = 2 ** 31;

/** The last 90 days before the loan date. */
export const RECENT_DAYS = 90;

/** A transaction has no status but valid and a balance always. */
export interface Transaction extends CanonicalRecord {
  readonly balance: number;
}

/**
 * The program's own rules: amounts have no sign, the direction says it, every transaction states its balance, and both are
 * below the bound.
 * @throws value_out_of_range, input_invalid naming the field
 */
export function transactionOf(record: CanonicalRecord): Transaction {
  checkRecord(record);
  const { amount, balance, status, daysLate } = record;
  ensure(amount >= 0, "value_out_of_range", "a transaction's amount is not negative", { field: "amount", value: amount });
  ensure(amount < MONEY_BOUND, "value_out_of_range", "a transaction's amount is below 2^31", { field: "amount", value: amount });
  ensure(status === 0, "value_out_of_range", "a transaction cannot be void", { field: "status", value: status });
  ensure(daysLate === 0, "value_out_of_range", "this program has no days late", { field: "daysLate", value: daysLate });
  ensure(balance !== null, "input_invalid", "a transaction needs a balance", { field: "balance" });
  ensure(Math.abs(balance) < MONEY_BOUND, "value_out_of_range", "a balance is below 2^31 either way", { field: "balance", value: balance });
  return record as Transaction;
}

export const isDebit = ({ direction }: CanonicalRecord): boolean => direction === 1;
/** A credit that the bank itself paid. */
export const isInterest = ({ direction, kind }: CanonicalRecord): boolean => direction === 0 && symbolOf(kind) === SYMBOLS.UROK;
export const isCash = (record: CanonicalRecord): boolean => isDebit(record) && operationOf(record.kind) === OPERATIONS.VYBER;
export const isHousehold = ({ kind }: CanonicalRecord): boolean => symbolOf(kind) === SYMBOLS.SIPO;
