import { fromBase64 } from "../protocol/bytes.js";
import { AMD_CHAINS } from "./roots/amd.js";
import { AWS_NITRO_ROOT_G1 } from "./roots/aws.js";
import { HYGON_HRK } from "./roots/hygon.js";
import { INTEL_SGX_ROOT_CA } from "./roots/intel.js";
import { MICROSOFT_VTPM_ROOTS } from "./roots/microsoft.js";
import { SIM_ANCHORS } from "./roots/sim.js";
import type { TrustAnchors } from "./verdict.js";

/** The vendors' roots that this build pins. Nothing inside evidence or collateral ever adds one. */
export const VENDOR_ANCHORS: TrustAnchors = {
  vendor: { dcap: [INTEL_SGX_ROOT_CA], snp: AMD_CHAINS, nitro: [AWS_NITRO_ROOT_G1], vtpm: MICROSOFT_VTPM_ROOTS, csv: [fromBase64(HYGON_HRK)] },
};

/** The vendors' roots and the public simulator's: for deployments that simulate, which name it. */
export const SIMULATION_ANCHORS: TrustAnchors = { ...VENDOR_ANCHORS, sim: SIM_ANCHORS };
