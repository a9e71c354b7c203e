import { datasetSignals, ingestCase } from "../../circuits/harness/ingest-retail-account.js";
import { boundaryAccounts } from "../../circuits/harness/transaction-datasets.js";
import type { Samples } from "../harness/samples.js";

const names = [
  "balances in all zones", "no transaction", "negative balances only", "high balances only", "middle and high balances",
  "recent in both chunks", "largest and smallest balances", "amounts of 0 and at their largest",
];

export const samples: Samples = {
  claims: ["stateFirst", "stateLast", "leaf"],
  honest: () => names.map((name) => boundaryAccounts[name]).flatMap((account) =>
    account === undefined ? [] : [datasetSignals(ingestCase(account.transactions, account.terms))]),
};
