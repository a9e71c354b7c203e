import { fromBase64, fromHex, type Bytes } from "../protocol/bytes.js";
import { AMD_CHAINS } from "./roots/amd.js";
import { AWS_NITRO_ROOT_G1 } from "./roots/aws.js";
import { HYGON_HRK } from "./roots/hygon.js";
import { INTEL_SGX_ROOT_CA } from "./roots/intel.js";
import { MICROSOFT_VTPM_ROOTS } from "./roots/microsoft.js";
import type { TrustAnchors } from "./verdict.js";

/**
 * Root of the well-known simulator. The seed behind it is public by design (src/simulator/simulated-tee.ts), so evidence
 * under this root proves nothing about any machine: whoever pins it accepts simulation, and everything that descends from
 * it is labelled `simulated`. It is in no default set of anchors: deployments that simulate name it.
 */
export const DEFAULT_SIM_ROOT: Bytes = fromHex("95529e2340d650e08b0dafe8e0af3dac9819fd7d430503b70a13c440f5f04282");

/** The vendors' roots that this build pins. Nothing inside evidence or collateral ever adds one. */
export const VENDOR_ANCHORS: TrustAnchors = {
  vendor: { dcap: [INTEL_SGX_ROOT_CA], snp: AMD_CHAINS, nitro: [AWS_NITRO_ROOT_G1], vtpm: MICROSOFT_VTPM_ROOTS, csv: [fromBase64(HYGON_HRK)] },
};

/** The vendors' roots and the public simulator's: for deployments that simulate. */
export const SIMULATION_ANCHORS: TrustAnchors = { ...VENDOR_ANCHORS, sim: { plain: [DEFAULT_SIM_ROOT] } };
