import type { Bytes } from "../../src/protocol/bytes.js";
import type { Evidence } from "../../src/protocol/objects/index.js";

/** How an enclave gets evidence about itself from the hardware under it: one adapter a platform. */
export interface Collector {
  /** Evidence that carries these 64 bytes (docs/protocol.md 9), with the collateral that a relying party needs. */
  collect(reportData: Bytes): Promise<Evidence>;
  /** True when the hardware is played by the simulator: every receipt of this worker is then labelled so. */
  readonly simulated: boolean;
}
