import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";

/**
 * The seed of the well-known simulator. Public by design: whoever holds it can mint evidence for any measurement, which is
 * what simulation means. It protects nothing; policies refuse it unless they name the anchor `sim`.
 */
export const PUBLIC_SIM_SEED: Bytes = sha256(utf8("veritee simulator seed: public by design, protects nothing"));

/** Bytes for a purpose: the same seed and label always give the same. */
export type Derive = (label: string, length: number) => Bytes;

/** @throws input_invalid unless the seed is 32 bytes */
export function deriver(seed: Bytes): Derive {
  ensure(seed.length === 32, "input_invalid", "a simulator seed is 32 bytes", { length: seed.length });
  return (label, length) => hkdf(sha256, seed, undefined, utf8(`veritee/sim/2/${label}`), length);
}

/** The seed of a second public simulator, whose roots nobody pins: drills of evidence under a foreign root. */
export const FOREIGN_SIM_SEED: Bytes = sha256(utf8("veritee foreign simulator seed: public by design, protects nothing"));
