import { ingestSignals } from "../../circuits/harness/ingest-sme-invoice.js";
import { mixedStep } from "../../circuits/harness/invoice-fixture.js";
import type { Samples } from "../harness/samples.js";

export const samples: Samples = {
  claims: ["stateIn", "stateOut"],
  // 2 is the second chunk of sales, 3 the first of purchases, where the direction turns.
  honest: () => [2, 3, 1, 4].map((index) => ingestSignals(mixedStep(index))),
  hints: [
    { pattern: /\.quotient\[\d+\]$/, reason: "PoleSum: weight / (point - at) is fixed unless the challenge equals a number below 2^10, a chance of 2^-243; no claim is computed from it" },
    { pattern: /\.(paid|claimed)\.out$|^main\.(recorded|summed)\.out$/, reason: "PoleSum: sum of its quotients, which only an equation between two such sums uses" },
  ],
};
