import type { RecordLayout } from "../../protocol/chunks.js";
import { planIngest } from "../ingest-plan.js";
import { modR } from "../ingest-state.js";
import type { IngestPlan, IngestSource } from "../ingest.js";
import { accumulateTransactions, transactionElements } from "./aggregates.js";
import { addChunk, initialState, stateSignals } from "./ingest-state.js";

/** Statements and inputs of a retail-account dataset (docs/protocol.md, Ingest proofs). @throws value_out_of_range */
export function ingestTransactions(layout: RecordLayout, source: IngestSource): IngestPlan {
  const accumulator = accumulateTransactions(source.terms);
  for (const { records } of source.chunks) for (const record of records) accumulator.add(record);
  return planIngest(layout, source, {
    initial: initialState,
    after: addChunk,
    stateElements: (state) => Object.values(stateSignals(state)),
    chunkSignals: stateSignals,
    datasetSignals: (last, [largestCredit, firstDay]) => {
      const [leftFirst = 0n, leftSecond = 0n] = last.leaves;
      return { ...stateSignals(last), largestCredit, firstDay, leftFirst: modR(leftFirst), leftSecond: modR(leftSecond) };
    },
    aggregateElements: transactionElements(accumulator.finish()),
  });
}
