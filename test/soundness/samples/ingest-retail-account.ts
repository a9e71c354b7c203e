import { chunkSignals, ingestCase } from "../../circuits/harness/ingest-retail-account.js";
import { boundaryAccounts, type Account } from "../../circuits/harness/transaction-datasets.js";
import type { Samples } from "../harness/samples.js";

const caseOf = (name: string) => {
  const { transactions, terms } = boundaryAccounts[name] as Account;
  return ingestCase(transactions, terms);
};

export const samples: Samples = {
  claims: ["stateIn", "stateOut"],
  honest: () => [
    chunkSignals(caseOf("both crossings at chunks' first slots"), 2),
    chunkSignals(caseOf("recent in both chunks"), 1),
    chunkSignals(caseOf("recent in both chunks"), 2),
    ...["balances in all zones", "largest and smallest balances", "amounts of 0 and at their largest"].map((name) => chunkSignals(caseOf(name), 1)),
  ],
};
