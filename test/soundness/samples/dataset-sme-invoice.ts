import { datasetSignals, stepsOf, type Invoice } from "../../circuits/harness/ingest-sme-invoice.js";
import { mixedInvoices } from "../../circuits/harness/invoice-fixture.js";
import { acceptedAggregates, boundaryDatasets, sale } from "../../circuits/harness/invoice-datasets.js";
import type { Samples } from "../harness/samples.js";

const signals = (invoices: readonly Invoice[]) => datasetSignals(stepsOf(invoices), acceptedAggregates(invoices));

export const samples: Samples = {
  claims: ["stateFirst", "stateLast", "leaf"],
  honest: () => [mixedInvoices, [sale(1, 500n), sale(2, 700n)], ...Object.values(boundaryDatasets).slice(0, 4)].map(signals),
};
