import { discloseSample, inputFor, openedResult } from "../../circuits/harness/disclose.js";
import type { Samples } from "../harness/samples.js";

export const samples: Samples = {
  // Thresholds, owner and model are what the prover chooses to claim; only K follows.
  claims: ["K"],
  honest: () => [discloseSample(), inputFor(openedResult(612, 2))],
};
