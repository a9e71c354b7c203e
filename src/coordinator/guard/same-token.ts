import { timingSafeEqual } from "node:crypto";

/** Whether a caller's token is the one that was given out. The time tells lengths only, and those are everybody's to know. */
export function sameToken(given: string, kept: string | null): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(kept ?? "")];
  return a.length === b.length && timingSafeEqual(a, b);
}
