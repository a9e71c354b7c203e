import { fromHex, type Bytes } from "../protocol/bytes.js";

/**
 * Root of the well-known simulator. The seed behind it is public by design (src/simulator/simulated-tee.ts), so evidence
 * under this root proves nothing about any machine: whoever pins it accepts simulation, and everything that descends from
 * it is labelled `simulated`. It is in no default set of roots: deployments that simulate name it.
 */
export const DEFAULT_SIM_ROOT: Bytes = fromHex("95529e2340d650e08b0dafe8e0af3dac9819fd7d430503b70a13c440f5f04282");
