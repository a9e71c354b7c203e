import type { PackedChunk, RecordLayout } from "../../protocol/chunks.js";
import { planIngest } from "../ingest-plan.js";
import { modR } from "../ingest-state.js";
import type { IngestPlan, IngestSource } from "../ingest.js";
import type { CircuitInput } from "../score-input.js";
import { accumulateInvoices, invoiceElements } from "./aggregates.js";
import { after, chunkSums, committed, initialState, packedHeads, type IngestState } from "./ingest-state.js";

/** Statements and inputs of an sme-invoice dataset (docs/protocol.md, Ingest proofs). @throws value_out_of_range */
export function ingestInvoices(layout: RecordLayout, source: IngestSource): IngestPlan {
  const accumulator = accumulateInvoices(source.terms.asOfDay);
  for (const { records } of source.chunks) for (const record of records) accumulator.add(record);
  const aggregates = accumulator.finish();
  return planIngest(layout, source, {
    initial: initialState(aggregates.largestCustomer),
    after,
    stateElements: (state) => Object.values(committed(state)).flat(),
    chunkSignals,
    datasetSignals: committed,
    aggregateElements: invoiceElements(aggregates),
  });
}

function chunkSignals(state: IngestState, chunk: PackedChunk, count: number): CircuitInput {
  const { direction: directionBefore, ...before } = committed(state);
  const sums = chunkSums(state, chunk);
  return {
    ...before, directionBefore,
    direction: modR(BigInt(chunk.direction)), count: modR(BigInt(count)),
    months: sums.months.map(modR), voids: modR(BigInt(sums.voids)), openSumAfter: modR(sums.openSum),
    heads: packedHeads(state, chunk, sums),
  };
}
