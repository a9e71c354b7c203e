/** Pieces of sentences for decisions. */
export const listed = (items: readonly string[]): string => (items.length === 0 ? "(none)" : items.join(", "));
/** Unix seconds as a date, with the time of day only where there is one. */
export const day = (seconds: number): string => new Date(seconds * 1000).toISOString().replace("T00:00:00.000Z", "").replace(".000Z", "Z");
