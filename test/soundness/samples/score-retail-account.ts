import { retailInput, retailSample } from "../../circuits/harness/retail-account.js";
import type { Samples } from "../harness/samples.js";

export const samples: Samples = {
  claims: ["R", "K"],
  honest: () => [
    retailInput(retailSample),
    retailInput({
      lowPay: 0n, negative: 0n, count: 0n, partners: 0n, ageDays: 0n, minBalance90: 0n, balanceSum: 0n,
      credit: 0n, debit: 0n, cash: 0n, household: 0n, largestCredit: 0n, instalment: 1n,
    }),
    retailInput({
      lowPay: 2n ** 16n - 1n, negative: 2n ** 16n - 1n, count: 2n ** 16n - 1n, partners: 2n ** 16n - 1n, ageDays: 2n ** 20n - 1n,
      minBalance90: 2n ** 36n - 1n, balanceSum: 2n ** 52n - 1n, credit: 2n ** 48n - 1n, debit: 2n ** 48n - 1n,
      cash: 2n ** 48n - 1n, household: 2n ** 48n - 1n, largestCredit: 2n ** 48n - 1n, instalment: 2n ** 36n - 1n,
    }),
  ],
};
