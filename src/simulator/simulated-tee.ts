import type { AnchorSet } from "../attestation/verdict.js";
import { fromHex, toHex, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import type { Measurement } from "../protocol/ids.js";
import type { Evidence } from "../protocol/objects/parts.js";
import { SimulatedNitro, type NitroOptions } from "./nitro/nitro.js";
import type { QuoteRequest, Quoted } from "./platform.js";
import { FOREIGN_SIM_SEED, PUBLIC_SIM_SEED } from "./seed.js";
import { SimulatedSnp, type SnpOptions } from "./snp/snp.js";
import { SimulatedTdx, type TdxOptions } from "./tdx/tdx.js";

export const SIMULATED_PLATFORMS = ["snp", "tdx", "nitro"] as const;
export type SimulatedPlatformName = (typeof SIMULATED_PLATFORMS)[number];

/** Changes to honest evidence; those of another platform than the tee's are without effect. */
export interface QuoteOptions {
  readonly debug?: boolean;
  /** Evidence of a second simulator, whose roots nobody pins. */
  readonly foreignRoot?: boolean;
  /** A bit of the measurement is changed after signing. */
  readonly tampered?: boolean;
  readonly snp?: SnpOptions;
  readonly tdx?: TdxOptions;
  readonly nitro?: NitroOptions;
}

export interface TeeOptions {
  readonly platform?: SimulatedPlatformName;
  /** Which machine: another name is another chip under the same roots. */
  readonly instance?: string;
}

/**
 * Plays a TEE: vendor, machine and firmware that vouch for whatever they are told runs on them, in the vendor's own formats
 * under an own root. Only the trust anchor tells its evidence from genuine evidence.
 */
export class SimulatedTee {
  readonly platform: SimulatedPlatformName;
  readonly #seed: Bytes;
  readonly #instance: string;
  #roots: Machine | undefined;

  private constructor(seed: Bytes, platform: SimulatedPlatformName, instance: string) {
    this.#seed = seed;
    this.platform = platform;
    this.#instance = instance;
  }

  /**
   * @param seed 32 bytes; its roots are trust anchors of their own, unknown to everyone who did not pin them. The RSA keys of
   * `snp` take some seconds for any seed but the two public ones (seed.ts)
   */
  static fromSeed(seed: Bytes = PUBLIC_SIM_SEED, { platform = "snp", instance = "default" }: TeeOptions = {}): SimulatedTee {
    ensure(seed.length === 32, "input_invalid", "a simulator seed is 32 bytes", { length: seed.length });
    return new SimulatedTee(seed, platform, instance);
  }

  /** What a relying party pins as `sim` to accept this tee's evidence. */
  anchors(): AnchorSet {
    return this.#machine().anchors();
  }

  /** Evidence for an enclave with its collateral; `now` in Unix seconds. MEASUREMENT, MRTD or PCR0 carry the measurement. */
  quote(measurement: Measurement, reportData: Bytes, now: number, options: QuoteOptions = {}): Evidence {
    ensure(reportData.length === 64, "input_invalid", "report data is 64 bytes", { length: reportData.length });
    const { foreignRoot = false, ...rest } = options;
    if (foreignRoot) {
      const { platform } = this;
      return SimulatedTee.fromSeed(FOREIGN_SIM_SEED, { platform, instance: this.#instance }).quote(measurement, reportData, now, rest);
    }
    const request = { measurement: fromHex(measurement), reportData, now, debug: options.debug ?? false };
    const { evidence, collateral } = this.#machine().quote(request, options);
    return { platform: this.platform, evidence: options.tampered === true ? tampered(evidence, request.measurement) : evidence, collateral };
  }

  /** Made at the first use: keys cost time. */
  #machine(): Machine {
    return (this.#roots ??= MACHINES[this.platform](this.#seed, this.#instance));
  }
}

/** With the first bit of the measurement, wherever the format keeps it, turned over. */
function tampered(evidence: Bytes, measurement: Bytes): Bytes {
  const at = toHex(evidence).indexOf(toHex(measurement)) / 2;
  return evidence.map((byte, i) => (i === at ? byte ^ 0x80 : byte));
}

interface Machine {
  anchors(): AnchorSet;
  quote(request: QuoteRequest, options: QuoteOptions): Quoted;
}

const MACHINES: Readonly<Record<SimulatedPlatformName, (seed: Bytes, instance: string) => Machine>> = {
  snp: (seed, instance) => {
    const tee = new SimulatedSnp(seed, instance);
    return { anchors: () => tee.anchors(), quote: (request, { snp = {} }) => tee.quote(request, snp) };
  },
  tdx: (seed, instance) => {
    const tee = new SimulatedTdx(seed, instance);
    return { anchors: () => tee.anchors(), quote: (request, { tdx = {} }) => tee.quote(request, tdx) };
  },
  nitro: (seed, instance) => {
    const tee = new SimulatedNitro(seed, instance);
    return { anchors: () => tee.anchors(), quote: (request, { nitro = {} }) => tee.quote(request, nitro) };
  },
};
