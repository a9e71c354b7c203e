import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  encodeSimCertificate, encodeSimQuote, simCertificateMessage, simQuoteMessage, type SimCertificateBody, type SimQuoteBody,
} from "../attestation/platforms/sim-format.js";
import { concat, fromHex, utf8, type Bytes } from "../protocol/bytes.js";
import { signingKey, type SigningKey } from "../protocol/dsse.js";
import { ensure } from "../protocol/errors.js";
import { idBytes, type Measurement } from "../protocol/ids.js";
import type { Evidence } from "../protocol/objects/parts.js";

/**
 * The seed of the well-known simulator. Public by design: whoever holds it can mint evidence for any measurement, which is
 * what simulation means. It protects nothing; policies refuse it unless they name the anchor `sim`.
 */
export const PUBLIC_SIM_SEED: Bytes = sha256(utf8("veritee simulator seed: public by design, protects nothing"));

const CERTIFICATE_SECONDS = 365 * 86_400;
const TCB = 1;

/** Changes to honest evidence, for tests that mint bad evidence. */
export interface QuoteOptions {
  readonly debug?: boolean;
  readonly quote?: Partial<SimQuoteBody>;
  readonly certificate?: Partial<SimCertificateBody>;
}

/** Plays a TEE platform: a certified platform key that signs quotes for whatever it is told runs on it. */
export class SimulatedTee {
  readonly #root: SigningKey;
  readonly #platform: SigningKey;
  readonly #instance: Bytes;

  private constructor(root: SigningKey, platform: SigningKey, instance: Bytes) {
    this.#root = root;
    this.#platform = platform;
    this.#instance = instance;
  }

  /** @param seed 32 bytes; its root is a trust anchor of its own, unknown to everyone who did not pin it */
  static fromSeed(seed: Bytes = PUBLIC_SIM_SEED, instance = "default"): SimulatedTee {
    ensure(seed.length === 32, "input_invalid", "a simulator seed is 32 bytes", { length: seed.length });
    const derive = (label: string, length: number): Bytes => hkdf(sha256, seed, undefined, utf8(`veritee/sim/${label}`), length);
    return new SimulatedTee(signingKey(derive("root", 32)), signingKey(derive(`platform/${instance}`, 32)), derive(`instance/${instance}`, 16));
  }

  /** Ed25519 public key of this simulator's root. */
  get rootKey(): Bytes {
    return idBytes(this.#root.publicKey);
  }

  /** Evidence for an enclave; `now` in Unix seconds. */
  quote(measurement: Measurement, reportData: Bytes, now: number, options: QuoteOptions = {}): Evidence {
    ensure(reportData.length === 64, "input_invalid", "report data is 64 bytes", { length: reportData.length });
    const evidence = concat(this.#quotePart(measurement, reportData, now, options), this.#certificatePart(now, options));
    return { platform: "sim", evidence, collateral: new Uint8Array() };
  }

  #quotePart(measurement: Measurement, reportData: Bytes, now: number, { debug = false, quote = {} }: QuoteOptions): Bytes {
    const unsigned = encodeSimQuote({
      measurement: fromHex(measurement), reportData, debug, tcb: TCB, issuedAt: now, instance: this.#instance, ...quote,
    });
    return concat(unsigned, this.#platform.sign(simQuoteMessage(unsigned)));
  }

  #certificatePart(now: number, { certificate = {} }: QuoteOptions): Bytes {
    const unsigned = encodeSimCertificate({
      rootKey: this.rootKey, platformKey: idBytes(this.#platform.publicKey), instance: this.#instance,
      notBefore: Math.max(0, now - 86_400), notAfter: now + CERTIFICATE_SECONDS, ...certificate,
    });
    return concat(unsigned, this.#root.sign(simCertificateMessage(unsigned)));
  }
}
