import { ABSENT, SLOTS, type IngestCase, type Slot } from "./ingest-retail-account.js";

/** Whether the slots of a case are the packed form of some records under its terms and header, judged slot by slot. */
export function consistent({ chunks, terms, header }: IngestCase): boolean {
  const slots = chunks.flatMap((c) => Array.from({ length: SLOTS }, (_, i) => c[i] ?? ABSENT));
  const count = slots.findIndex((s) => s.type === 0n);
  const present = slots.slice(0, count < 0 ? slots.length : count);
  return present.length > SLOTS * (chunks.length - 1) && slots.slice(present.length).every(isAbsent) &&
    inZones(present, terms.instalment) && attained(present, header.largest);
}

const isAbsent = (s: Slot): boolean => Object.values(s).every((v) => v === 0n);

function inZones(present: readonly Slot[], instalment: bigint): boolean {
  let [zone, balance] = [0, -(2n ** 31n)];
  return present.every(({ crossing, toHigh, delta }) => {
    if (toHigh === 1n && crossing === 0n) return false;
    if (crossing === 1n) {
      const next = toHigh === 1n ? 2 : 1;
      if (next <= zone) return false;
      [zone, balance] = [next, next === 2 ? instalment : 0n];
    }
    balance += delta;
    return zone === 0 ? balance < 0n : zone === 1 ? balance < instalment : true;
  });
}

function attained(present: readonly Slot[], largest: bigint): boolean {
  const credits = present.filter((s) => s.type === 1n);
  const amount = (s: Slot): bigint => (s.type === 1n ? largest - s.charge : s.charge);
  // Amounts of credits are taken as they stand: a negative one passes while the sums do not fall below 0.
  const total = (of: readonly Slot[]): bigint => of.reduce((a, s) => a + amount(s), 0n);
  return total(credits) >= 0n && total(present.filter((s) => s.household === 1n)) >= 0n &&
    present.some((s) => s.age === 0n) && (largest === 0n || credits.some((s) => s.charge === 0n));
}
