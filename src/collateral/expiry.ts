import type { CacheEntry } from "./cache.js";

const DAY = 86_400;

/** Operators are warned this many days ahead; a week is what a service that is down over holidays may take. */
export const WARN_DAYS = 7;

/** Whole days until collateral lapses; negative once it has. */
export const daysLeft = (validUntil: number, now: number): number => Math.floor((validUntil - now) / DAY);

/** One measured value as a metrics endpoint gives it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `veritee_collateral_days_left`, a gauge for each entry of a cache: an alarm below 7 comes in time. */
export const daysLeftSamples = (entries: readonly CacheEntry[], now: number): readonly Sample[] =>
  entries.map(({ name, request, anchor, validUntil }) =>
    ({ name: "veritee_collateral_days_left", labels: { entry: name, platform: request.platform, anchor }, value: daysLeft(validUntil, now) }));
