import { smeInput, smeSample } from "../../circuits/harness/sme-invoice.js";
import type { Samples } from "../harness/samples.js";

const months = (f: (m: number) => bigint) => Array.from({ length: 36 }, (_, m) => f(m));
const LARGEST = (1n << 41n) - 1n;

export const samples: Samples = {
  claims: ["R", "K"],
  honest: () => [
    smeInput(smeSample),
    smeInput({
      sales: months(() => 0n), purchases: months(() => 0n), voidSales: 0n, allSales: 0n, validSales: 0n, suppliers: 0n, largestCustomer: 0n,
    }),
    smeInput({
      sales: months(() => LARGEST), purchases: months(() => -1n), voidSales: 2n ** 24n - 1n, allSales: 2n ** 24n - 1n,
      validSales: 2n ** 24n - 1n, suppliers: 2n ** 24n - 1n, largestCustomer: 2n ** 48n - 1n,
    }),
  ],
};
