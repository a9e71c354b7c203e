import { dayFromDate } from "../../src/programs/calendar.js";
import type { CanonicalRecord } from "../../src/protocol/records.js";
import { seededRandom } from "./seeded.js";

export const AS_OF_DAY = dayFromDate(2019, 12, 31);

/** Invoices of an invented firm, inside the window. */
export function invoices(count: number, seed = "firm"): CanonicalRecord[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const b = random(8);
    const at = (i: number): number => b[i] as number;
    return {
      day: AS_OF_DAY - ((at(0) * 256 + at(1)) % 1000), direction: at(2) & 1, kind: 0, status: at(3) < 20 ? 1 : 0,
      amount: (at(4) * 65536 + at(5) * 256 + at(6)) * (at(7) < 10 ? -1 : 1), balance: null, daysLate: 0, tag: 1 + (at(7) % 23),
    };
  });
}
