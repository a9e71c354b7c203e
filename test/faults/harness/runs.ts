/**
 * How often a fault is tried: `npm run test:faults` (VERITEE_FAULTS=full) as often as docs/promises.md says, `npm test` a
 * tenth of that, or the part that is named.
 */
export const faultRuns = (full: number, part = 10): number =>
  process.env["VERITEE_FAULTS"] === "full" ? full : Math.max(1, Math.ceil(full / part));
