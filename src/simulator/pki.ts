import { toHex, type Bytes } from "../protocol/bytes.js";
import type { Derive } from "./seed.js";

/** When the simulator's authorities and platform certificates are valid: 2020-01-01 to 2049-12-31, Unix seconds. */
export const PKI_VALIDITY = { notBefore: 1_577_836_800, notAfter: 2_524_521_600 } as const;

/** Inside the authorities' validity, before any time that evidence is made at: 2020-09-13. */
export const LONG_AGO = 1_600_000_000;

const DAY = 86_400;

/** What a vendor publishes is a day old and good for a month: the same for every quote of a day, so that it can be kept. */
export function collateralWindow(now: number): CollateralWindow {
  const thisUpdate = Math.floor(now / DAY) * DAY - DAY;
  return { thisUpdate, nextUpdate: thisUpdate + 30 * DAY };
}
/** Unix seconds. */
export interface CollateralWindow { readonly thisUpdate: number; readonly nextUpdate: number }

/** A positive serial number of 16 bytes. */
export const serialOf = (derive: Derive, label: string): bigint => BigInt(`0x40${toHex(derive(`serial/${label}`, 15))}`);

/** How a revocation list may be wrong. */
export type CrlFlaw = "absent" | "garbage" | "stale" | "future" | "other-issuer" | "bad-signature";

/** The window that a flaw asks for. */
export function flawedWindow(now: number, flaw: CrlFlaw | undefined): CollateralWindow {
  const honest = collateralWindow(now);
  if (flaw === "stale") return { thisUpdate: honest.thisUpdate - 60 * DAY, nextUpdate: now - DAY };
  if (flaw === "future") return { thisUpdate: now + DAY, nextUpdate: now + 31 * DAY };
  return honest;
}

/** Another last octet: of a signature, one that does not verify. */
export const corrupted = (bytes: Bytes): Bytes => {
  const out = Uint8Array.from(bytes);
  out[out.length - 1] = (out[out.length - 1] as number) ^ 1;
  return out;
};
export const GARBAGE: Bytes = new Uint8Array(64).fill(0xa5);

/** Keeps what was made under a name: certificates and lists that do not change from quote to quote. */
export class Kept<T> {
  readonly #made = new Map<string, T>();
  constructor(private readonly most = 8) {}

  get(name: string, make: () => T): T {
    const found = this.#made.get(name);
    if (found !== undefined) return found;
    const made = make();
    if (this.#made.size >= this.most) this.#made.clear();
    this.#made.set(name, made);
    return made;
  }
}
