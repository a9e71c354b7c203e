import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { lp, utf8, type Bytes } from "../protocol/bytes.js";
import { signingKey, type SigningKey } from "../protocol/dsse.js";
import { ensure } from "../protocol/errors.js";
import { deriveHpkeKeyPair, type HpkeKeyPair } from "../protocol/hpke.js";
import type { HpkeSuite } from "../protocol/objects/parts.js";

/** Keys of a data or model owner, all from one 32-byte seed. */
export interface Party {
  readonly signing: SigningKey;
  /** To which its results are sealed. */
  resultKey(suite: HpkeSuite): Promise<HpkeKeyPair>;
  /** A secret for one named use (HKDF-SHA256). */
  derive(use: string, context: Bytes, length: number): Bytes;
}

/** @param role separates parties that use the same seed by mistake */
export function partyFromSeed(role: "enterprise" | "platform" | "source", seed: Bytes): Party {
  ensure(seed.length === 32, "input_invalid", "an identity seed is 32 bytes", { length: seed.length });
  const derive = (use: string, context: Bytes, length: number): Bytes =>
    hkdf(sha256, seed, undefined, lp("veritee/party/v1", role, use, context), length);
  return {
    signing: signingKey(derive("signing", new Uint8Array(), 32)),
    resultKey: (suite) => deriveHpkeKeyPair(suite, derive("result", utf8(String(suite)), 32)),
    derive,
  };
}
