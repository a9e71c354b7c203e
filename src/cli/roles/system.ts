// The operating system's clock and randomness, handed to everything that needs them.
import { randomBytes } from "node:crypto";

/** Unix seconds. */
export const clock = (): number => Math.floor(Date.now() / 1000);
export const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
