import { sha384 } from "@noble/hashes/sha2.js";
import { fromHex, lp, toHex, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { hexId, type Measurement } from "../protocol/ids.js";
import type { Genuine, TeePlatform } from "./verdict.js";

type Measurements = Genuine["measurements"];

/** Everything of a trust domain that decides what runs in it and how it was configured. */
const TDX_NAMES = ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner", "mrownerconfig"] as const;
/** The PCRs that software cannot reset: 16 and 23 it can. */
const VTPM_NAMES = Array.from({ length: 16 }, (_, i) => `pcr${i}`);

/**
 * The one value by which grants name an enclave (docs/protocol.md 9). A platform that spreads its measurement over several
 * registers gets one digest over all of them, so that a grant never allows more than was looked at.
 * @throws evidence_malformed when the platform did not report a register that counts
 */
export function grantMeasurement({ platform, measurements }: Genuine): Measurement {
  const value = BY_PLATFORM[platform](measurements);
  return hexId<Measurement>(value, value.length / 2, "measurement");
}

const one = (name: string) => (m: Measurements): string => register(m, name);
const digest = (domain: string, parts: readonly string[]): string => toHex(sha384(lp(domain, ...parts.map((p): Bytes => fromHex(p)))));
const tdx = (m: Measurements): string => digest("veritee/measurement/tdx/v1", TDX_NAMES.map((name) => register(m, name)));
/** In a cloud's paravisor VM the hardware measures the cloud's own firmware; what was booted is in the vTPM. */
const vtpm = (platform: "az-snp-vtpm" | "az-tdx-vtpm", hardware: (m: Measurements) => string) => (m: Measurements): string =>
  digest(`veritee/measurement/${platform}/v1`, [hardware(m), ...VTPM_NAMES.map((name) => register(m, name))]);

const BY_PLATFORM: Readonly<Record<TeePlatform, (m: Measurements) => string>> = {
  sgx: one("mrenclave"),
  tdx,
  snp: one("measurement"),
  nitro: one("pcr0"),
  "az-snp-vtpm": vtpm("az-snp-vtpm", one("measurement")),
  "az-tdx-vtpm": vtpm("az-tdx-vtpm", tdx),
  csv: one("measure"),
};

function register(measurements: Measurements, name: string): string {
  const value = measurements[name];
  ensure(value !== undefined && value.length > 0, "evidence_malformed", "the evidence lacks a measurement register", { register: name });
  return value;
}
