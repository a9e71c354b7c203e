import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { circuit, type CircuitUnderTest } from "./harness/circuits.js";
import { datasetSignals, ingestSignals, stepsOf, type Invoice } from "./harness/ingest-sme-invoice.js";
import { acceptedAggregates, boundaryDatasets, invoiceDatasets } from "./harness/invoice-datasets.js";

let ingest: CircuitUnderTest;
let dataset: CircuitUnderTest;
beforeAll(async () => {
  [ingest, dataset] = [await circuit("ingest-sme-invoice"), await circuit("dataset-sme-invoice")];
});

/** Every chunk has a witness, and the last state opens to the aggregates that the program's accumulator gives. */
async function provable(invoices: readonly Invoice[]): Promise<void> {
  const chain = stepsOf(invoices);
  for (const step of chain.steps) await ingest.witness(ingestSignals(step));
  await dataset.witness(datasetSignals(chain, acceptedAggregates(invoices)));
}

describe("a dataset of sme-invoice is provable from records to leaf", () => {
  test.each(Object.entries(boundaryDatasets))("%s", async (_, invoices) => provable(invoices));

  test("whatever its groups, directions, months and signs", async () => {
    await fc.assert(fc.asyncProperty(invoiceDatasets, provable), { numRuns: 8, seed: 20191231 });
  });
});
