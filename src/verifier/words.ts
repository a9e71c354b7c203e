const SOURCES = ["unendorsed", "bank", "tax office", "logistics platform", "core enterprise", "platform"] as const;
const DAY_MS = 86_400_000;

/** Of a source class. */
export const sourceName = (sourceClass: number): string => SOURCES[sourceClass] ?? "unknown";

/** A day since 1970-01-01 as YYYY-MM-DD. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
