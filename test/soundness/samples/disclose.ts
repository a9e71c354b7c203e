import { closed, discloseSample, inputFor, leafParts, MODEL, offset, openedResult } from "../../circuits/harness/disclose.js";
import type { Samples } from "../harness/samples.js";

const result = openedResult(612, 2);

export const samples: Samples = {
  // Thresholds, owner and model are what the prover chooses to claim; only K follows.
  claims: ["K"],
  // Every claim at once, none with F open and closed, and each of those that need F or the leaf on its own.
  honest: () => [
    discloseSample(), inputFor(result), inputFor(result, closed(result)),
    { ...inputFor(result), scoreAtLeast: offset(612) }, { ...inputFor(result), model: MODEL }, { ...inputFor(result), owner: leafParts.owner },
  ],
  lies: () => [{ ...discloseSample(), model: MODEL + 1n, detailModel: MODEL + 1n }],
};
