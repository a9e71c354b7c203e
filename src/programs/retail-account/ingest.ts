import { packContexts, type Chunk, type PackContext, type PackedChunk, type RecordLayout } from "../../protocol/chunks.js";
import { aggregateCommitment, datasetRoots, leaf, packedCommitment } from "../../protocol/commitments.js";
import { ensure } from "../../protocol/errors.js";
import { field, fieldFromSalt, type Field } from "../../protocol/field.js";
import { modR, stateCommitment, stateSalt } from "../ingest-state.js";
import type { IngestPlan, IngestSource } from "../ingest.js";
import type { CircuitInput } from "../score-input.js";
import { accumulateTransactions, transactionElements } from "./aggregates.js";
import { addChunk, initialState, stateSignals, type IngestState } from "./ingest-state.js";

/** A dataset between two chunks. */
interface Step {
  readonly state: IngestState;
  /** D so far */
  readonly root: Field;
  /** S */
  readonly commitment: Field;
}

/**
 * Statements and inputs of a retail-account dataset (docs/protocol.md, Ingest proofs). Chunks are packed once here and once
 * more for their input.
 * @throws value_out_of_range
 */
export function ingestTransactions(layout: RecordLayout, source: IngestSource): IngestPlan {
  const { chunks, terms } = source;
  const records = chunks.flatMap((chunk) => chunk.records);
  const header = layout.header(records, terms);
  const contexts = packContexts(chunks, terms, header);
  const pack = (i: number): PackedChunk => layout.pack((chunks[i] as Chunk).records, contexts[i] as PackContext);
  const salt = stateSalt(source.aggregateSalt);

  const states = [initialState];
  const commitments = chunks.map((chunk, i) => {
    const packed = pack(i);
    states.push(addChunk(states[i] as IngestState, packed));
    return packedCommitment(layout, chunk, packed);
  });
  const roots = datasetRoots(layout, terms, header, commitments);
  const steps = states.map((state, i): Step => {
    const root = roots[i] as Field;
    return { state, root, commitment: stateCommitment(layout.id, [root, BigInt(state.index), ...Object.values(stateSignals(state)), salt]) };
  });

  const last = steps.at(-1) as Step;
  const accumulator = accumulateTransactions(terms);
  for (const record of records) accumulator.add(record);
  const aggregates = aggregateCommitment(transactionElements(accumulator.finish()), source.aggregateSalt);
  const { owner, sourceClass, sourceKey } = source;
  const registered = leaf({ programTag: layout.tag, owner, sourceClass, sourceKey, ...terms, datasetRoot: last.root, aggregates });
  const [leftFirst = 0n, leftSecond = 0n] = last.state.leaves;
  return {
    states: steps.map(({ commitment }) => commitment),
    leaf: registered,
    datasetRoot: last.root,
    chunkInput(index) {
      const [before, after, chunk] = [steps[index - 1], steps[index], chunks[index - 1]];
      ensure(before !== undefined && after !== undefined && chunk !== undefined, "input_invalid", "no such chunk", { index, chunks: chunks.length });
      return chunkInput(before, after, chunk, pack(index - 1), salt);
    },
    datasetInput: {
      stateFirst: (steps[0] as Step).commitment, stateLast: last.commitment, leaf: registered, datasetRoot: last.root,
      sourceClass: field(sourceClass), sourceKey,
      chunks: field(chunks.length), asOfDay: field(terms.asOfDay), termsAmount: field(terms.termsAmount),
      largestCredit: header[0], firstDay: header[1], ownerId: owner, aggregateSalt: fieldFromSalt(source.aggregateSalt),
      ...stateSignals(last.state), stateSalt: salt,
      leftFirst: modR(leftFirst), leftSecond: modR(leftSecond),
    },
  };
}

const chunkInput = (before: Step, after: Step, chunk: Chunk, { opened, rest }: PackedChunk, salt: Field): CircuitInput => ({
  stateIn: before.commitment, stateOut: after.commitment,
  root: before.root, index: field(before.state.index), ...stateSignals(before.state), stateSalt: salt,
  opened, rest, salt: fieldFromSalt(chunk.salt),
});
