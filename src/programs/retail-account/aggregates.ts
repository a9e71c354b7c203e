import { VeriteeError } from "../../protocol/errors.js";
import type { Field } from "../../protocol/field.js";
import { packLanes, type Lane } from "../lanes.js";
import type { Accumulator } from "../program.js";
import type { Terms } from "../terms.js";
import { isCash, isDebit, isHousehold, isInterest, RECENT_DAYS, transactionOf, type Transaction } from "./transaction.js";

/** Over the transactions before the loan date; money in minor units. */
export type RetailAccountAggregates = {
  /** transactions after which the balance is below the instalment */
  readonly lowPay: number;
  /** transactions after which the balance is below 0 */
  readonly negative: number;
  readonly count: number;
  /** distinct counterparties */
  readonly partners: number;
  /** loan day - earliest day; 0 when there is none */
  readonly ageDays: number;
  /** least balance of the last 90 days; 0 when there is none */
  readonly minBalance90: number;
  readonly balanceSum: number;
  /** credits without interest (UROK) */
  readonly creditNoInterest: number;
  readonly debit: number;
  /** cash debits (VYBER) */
  readonly cash: number;
  /** household payments (SIPO) */
  readonly household: number;
  /** largest single credit without interest */
  readonly largestCredit: number;
};

/** 16 bits of count keep every sum of 31-bit amounts below 2^47: numbers are exact. */
const MAX_COUNT = 2 ** 16 - 1;

export function accumulateTransactions({ asOfDay, termsAmount }: Terms): Accumulator<RetailAccountAggregates> {
  const partners = new Set<number>();
  const a = {
    lowPay: 0, negative: 0, count: 0, partners: 0, ageDays: 0, minBalance90: 0, balanceSum: 0,
    creditNoInterest: 0, debit: 0, cash: 0, household: 0, largestCredit: 0,
  };
  let leastRecent = Infinity;

  const addFlow = (transaction: Transaction): void => {
    const { amount } = transaction;
    if (isDebit(transaction)) {
      a.debit += amount;
      if (isCash(transaction)) a.cash += amount;
    } else if (!isInterest(transaction)) {
      a.creditNoInterest += amount;
      if (amount > a.largestCredit) a.largestCredit = amount;
    }
    if (isHousehold(transaction)) a.household += amount;
  };
  return {
    add(record) {
      const transaction = transactionOf(record);
      const { balance } = transaction;
      if (record.day >= asOfDay) return;
      if (++a.count > MAX_COUNT) throw new VeriteeError("value_out_of_range", "too many transactions", { aggregate: "count", limit: MAX_COUNT });
      if (balance < termsAmount) a.lowPay++;
      if (balance < 0) a.negative++;
      a.balanceSum += balance;
      a.ageDays = Math.max(a.ageDays, asOfDay - record.day);
      if (record.day >= asOfDay - RECENT_DAYS) leastRecent = Math.min(leastRecent, balance);
      if (record.tag !== 0) partners.add(record.tag);
      addFlow(transaction);
    },
    finish() {
      const aggregates = { ...a, partners: partners.size, minBalance90: leastRecent === Infinity ? 0 : leastRecent };
      transactionElements(aggregates); // refuses what does not fit
      return aggregates;
    },
  };
}

/** The 2 elements of protocol 5. */
export function transactionElements(a: RetailAccountAggregates): Field[] {
  const first: Lane[] = [
    { name: "lowPay", value: a.lowPay, width: 16 },
    { name: "negative", value: a.negative, width: 16 },
    { name: "count", value: a.count, width: 16 },
    { name: "partners", value: a.partners, width: 16 },
    { name: "ageDays", value: a.ageDays, width: 20 },
    { name: "minBalance90", value: a.minBalance90, width: 37, offset: 2 ** 36 },
    { name: "balanceSum", value: a.balanceSum, width: 53, offset: 2 ** 52 },
  ];
  const second = (["creditNoInterest", "debit", "cash", "household", "largestCredit"] as const).map(
    (name): Lane => ({ name, value: a[name], width: 48 }),
  );
  return [packLanes(first), packLanes(second)];
}
