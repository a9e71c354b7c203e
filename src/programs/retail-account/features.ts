import { atLeastZero, fraction, RATIO_CAP, toFeatures, UNCAPPED, type Fraction } from "../fraction.js";
import type { Characteristic, Feature } from "../program.js";
import type { Terms } from "../terms.js";
import type { RetailAccountAggregates } from "./aggregates.js";

/** The characteristics of retail-account/1 in model order (docs/protocol.md 6; definitions in docs/data-formats.md). */
export const characteristics: readonly Characteristic[] = [
  { name: "lowpay_bp", cap: RATIO_CAP },
  { name: "min_bal90_czk", cap: UNCAPPED },
  { name: "neg_cnt", cap: UNCAPPED },
  { name: "avg_bal_pay_pct", cap: RATIO_CAP },
  { name: "deb_cred_bp", cap: RATIO_CAP },
  { name: "cash_bp", cap: UNCAPPED },
  { name: "house_bp", cap: RATIO_CAP },
  { name: "partners", cap: UNCAPPED },
  { name: "maxc_bp", cap: UNCAPPED },
  { name: "age_days", cap: UNCAPPED },
  { name: "pay_czk", cap: UNCAPPED },
];

/** Added to the least balance so that an overdraft of up to 100,000 units still has a rank. */
const BALANCE_OFFSET = 10_000_000;

/** factor * part / whole, or the zero case when there is no whole. */
const ratio = (factor: bigint, part: number, whole: bigint, zeroCase: number): Fraction =>
  whole > 0n ? fraction(factor * atLeastZero(part), whole) : fraction(zeroCase, 1);

export function transactionFeatures(a: RetailAccountAggregates, { termsAmount }: Terms): Feature[] {
  const count = BigInt(a.count);
  const credit = BigInt(a.creditNoInterest);
  return toFeatures(characteristics, [
    ratio(10_000n, a.lowPay, count, 0),
    fraction(atLeastZero(a.minBalance90 + BALANCE_OFFSET), 100),
    fraction(a.negative, 1),
    ratio(100n, a.balanceSum, count * BigInt(termsAmount), 0),
    ratio(10_000n, a.debit, credit, RATIO_CAP),
    ratio(10_000n, a.cash, BigInt(a.debit), 0),
    ratio(10_000n, a.household, credit, 0),
    fraction(a.partners, 1),
    ratio(10_000n, a.largestCredit, credit, RATIO_CAP),
    fraction(a.ageDays, 1),
    fraction(termsAmount, 100),
  ]);
}
