import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { splitIntoChunks } from "../../src/protocol/chunks.js";
import { field } from "../../src/protocol/field.js";
import { datasetSignals, ingestSignals, SOURCE, stepsOf, TERMS, type Invoice } from "../circuits/harness/ingest-sme-invoice.js";
import { acceptedAggregates, boundaryDatasets, invoiceDatasets, recordsOf } from "../circuits/harness/invoice-datasets.js";

const bytesOf = (value: bigint): Uint8Array => Uint8Array.from({ length: 31 }, (_, i) => Number((value >> BigInt(8 * (30 - i))) & 255n));

function planOf(invoices: readonly Invoice[]) {
  const terms = { asOfDay: TERMS.asOfDay, termsAmount: 0 };
  let salt = 999n;
  const chunks = splitIntoChunks(smeInvoice, smeInvoice.canonical(recordsOf(invoices), terms), () => bytesOf(++salt));
  const { owner, sourceClass, sourceKey, aggregateSalt } = SOURCE;
  return smeInvoice.ingest({
    chunks, terms, aggregateSalt: bytesOf(aggregateSalt), owner: field(owner), sourceClass: Number(sourceClass), sourceKey: field(sourceKey),
  });
}

/** The plan's inputs are those of the implementation that was written from the specification alone. */
function agrees(invoices: readonly Invoice[]): void {
  const plan = planOf(invoices);
  const chain = stepsOf(invoices, undefined, TERMS, plan.datasetInput["stateSalt"] as bigint);
  expect(plan.states).toHaveLength(chain.steps.length + 1);
  chain.steps.forEach((step, i) => expect(plan.chunkInput(i + 1)).toEqual(ingestSignals(step)));
  const dataset = datasetSignals(chain, acceptedAggregates(invoices));
  expect(plan.datasetInput).toEqual(dataset);
  expect([plan.leaf, plan.datasetRoot, plan.states[0], plan.states.at(-1)])
    .toEqual([dataset["leaf"], dataset["datasetRoot"], dataset["stateFirst"], dataset["stateLast"]]);
}

describe("the plan of an sme-invoice dataset is what the specification says", () => {
  test.each(Object.entries(boundaryDatasets))("%s", (_, invoices) => agrees(invoices));

  test("whatever its groups, directions, months and signs", () => {
    fc.assert(fc.property(invoiceDatasets, agrees), { numRuns: 8, seed: 36 });
  });
});

test("states are salted by the aggregate salt alone, so that equal datasets do not show", () => {
  const invoices = boundaryDatasets["one sale"] as readonly Invoice[];
  expect(planOf(invoices).datasetInput["stateSalt"]).toBeGreaterThan(2n ** 200n);
});

test("a chunk that is not there is refused", () => {
  const plan = planOf(boundaryDatasets["one sale"] as readonly Invoice[]);
  for (const index of [0, 2]) expect(() => plan.chunkInput(index)).toThrow(expect.objectContaining({ code: "input_invalid" }));
});
