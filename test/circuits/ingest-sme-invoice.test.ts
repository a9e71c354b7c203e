import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { folderSource } from "../../src/enterprise/import/files.js";
import { openDataFolder, readDatasets } from "../../src/programs/import/data-folder.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import type { CircuitInput } from "../../src/programs/score-input.js";
import { splitIntoChunks } from "../../src/protocol/chunks.js";
import { field } from "../../src/protocol/field.js";
import { hasShared, sharedData } from "../programs/shared.js";
import { circuit, type CircuitUnderTest } from "./harness/circuits.js";
import { partOf } from "./harness/part.js";
import { datasetSignals, ingestSignals, stepsOf, type Invoice } from "./harness/ingest-sme-invoice.js";
import { acceptedAggregates, boundaryDatasets, invoiceDatasets } from "./harness/invoice-datasets.js";
import type { Signals } from "./harness/statement.js";

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

const writable = (input: CircuitInput): Signals => Object.fromEntries(Object.entries(input).map(([k, v]) => [k, typeof v === "bigint" ? v : [...v]]));

describe("a dataset of sme-invoice is provable from records to leaf", () => {
  test.each(partOf(Object.entries(boundaryDatasets)))("%s", async (_, invoices) => provable(invoices));

  test("whatever its groups, directions, months and signs", async () => {
    await fc.assert(fc.asyncProperty(invoiceDatasets, provable), { numRuns: 8, seed: 20191231 });
  });
});

test.runIf(hasShared("cumcm"))("real firms are provable as the program plans it", async () => {
  const datasets = await readDatasets(await openDataFolder(folderSource(sharedData("cumcm"))), ["E96", "E115", "E20"]);
  expect(datasets).toHaveLength(3);
  for (const { records, terms } of datasets) {
    const chunks = splitIntoChunks(smeInvoice, smeInvoice.canonical(records, terms), () => new Uint8Array(31).fill(7));
    const plan = smeInvoice.ingest({ chunks, terms, aggregateSalt: new Uint8Array(31).fill(9), owner: field(5), sourceClass: 0, sourceKey: field(0) });
    for (const { index } of chunks) await expect(ingest.witness(writable(plan.chunkInput(index)))).resolves.toBeDefined();
    await expect(dataset.witness(writable(plan.datasetInput))).resolves.toBeDefined();
  }
});
