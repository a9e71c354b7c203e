import type { Measurement } from "../protocol/ids.js";
import type { EnclavePolicy } from "../protocol/objects/parts.js";
import type { AppraisalPolicyFile } from "./policy/schema.js";
import type { Genuine } from "./verdict.js";

/**
 * Which evidence is accepted. `authenticity` asks only whether it is genuine, fresh and bound: the caller then judges
 * measurement and anchor itself (a receipt's verifier, which shows them). A grant's lists name enclaves, an operator's file
 * (policy/schema.ts) besides machines, products and TCB. Debug enclaves are refused under every policy.
 */
export type AppraisalPolicy = EnclavePolicy | AppraisalPolicyFile | "authenticity";

/** Claims of evidence that was appraised and accepted. */
export interface Claims extends Genuine {
  /** The one value by which a grant names the enclave (docs/protocol.md 9). */
  readonly measurement: Measurement;
  /** True exactly when the anchor is the simulator's. */
  readonly simulated: boolean;
}
