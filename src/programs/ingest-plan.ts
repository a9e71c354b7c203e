import { packContexts, type Chunk, type DatasetHeader, type PackContext, type PackedChunk, type RecordLayout } from "../protocol/chunks.js";
import { aggregateCommitment, datasetRoots, leaf, packedCommitment } from "../protocol/commitments.js";
import { ensure } from "../protocol/errors.js";
import { field, fieldFromSalt, type Field } from "../protocol/field.js";
import { stateCommitment, stateSalt } from "./ingest-state.js";
import type { IngestPlan, IngestSource } from "./ingest.js";
import type { CircuitInput } from "./score-input.js";

/** What is a program's own in its ingest; signals go by the names of the circuits' inputs. */
export interface IngestArithmetic<S> {
  readonly initial: S;
  after(state: S, chunk: PackedChunk): S;
  /** the committed part; root and index stand before it, the salt behind */
  stateElements(state: S): readonly Field[];
  /** what the ingest circuit takes of the state before a chunk, and its hints; `count` is that of the chunk's records */
  chunkSignals(before: S, chunk: PackedChunk, count: number): CircuitInput;
  /** what the dataset circuit takes of the last state and the header */
  datasetSignals(last: S, header: DatasetHeader): CircuitInput;
  /** of the whole dataset (docs/protocol.md 5) */
  readonly aggregateElements: readonly Field[];
}

/** A dataset between two chunks. */
interface Place<S> {
  readonly state: S;
  readonly root: Field;
  readonly commitment: Field;
}

/** The statements of a dataset. Chunks are packed once here and once more for their input. @throws value_out_of_range */
export function planIngest<S>(layout: RecordLayout, source: IngestSource, own: IngestArithmetic<S>): IngestPlan {
  const { chunks, terms, owner, sourceClass, sourceKey } = source;
  const header = layout.header(chunks.flatMap((chunk) => chunk.records), terms);
  const contexts = packContexts(chunks, terms, header);
  const pack = (i: number): PackedChunk => layout.pack((chunks[i] as Chunk).records, contexts[i] as PackContext);
  const salt = stateSalt(source.aggregateSalt);

  const states = [own.initial];
  const commitments = chunks.map((chunk, i) => {
    const packed = pack(i);
    states.push(own.after(states[i] as S, packed));
    return packedCommitment(layout, chunk, packed);
  });
  const roots = datasetRoots(layout, terms, header, commitments);
  const places = states.map((state, index): Place<S> => {
    const root = roots[index] as Field;
    return { state, root, commitment: stateCommitment(layout.id, [root, BigInt(index), ...own.stateElements(state), salt]) };
  });

  const last = places.at(-1) as Place<S>;
  const aggregates = aggregateCommitment(own.aggregateElements, source.aggregateSalt);
  const registered = leaf({ programTag: layout.tag, owner, sourceClass, sourceKey, ...terms, datasetRoot: last.root, aggregates });
  return {
    states: places.map(({ commitment }) => commitment),
    leaf: registered,
    datasetRoot: last.root,
    chunkInput(index) {
      const [before, after, chunk] = [places[index - 1], places[index], chunks[index - 1]];
      ensure(before !== undefined && after !== undefined && chunk !== undefined, "input_invalid", "no such chunk", { index, chunks: chunks.length });
      const packed = pack(index - 1);
      return {
        stateIn: before.commitment, stateOut: after.commitment,
        root: before.root, index: field(index - 1), stateSalt: salt,
        ...own.chunkSignals(before.state, packed, chunk.records.length),
        opened: packed.opened, rest: packed.rest, salt: fieldFromSalt(chunk.salt),
      };
    },
    datasetInput: {
      stateFirst: (places[0] as Place<S>).commitment, stateLast: last.commitment, leaf: registered, datasetRoot: last.root,
      sourceClass: field(sourceClass), sourceKey,
      chunks: field(chunks.length), asOfDay: field(terms.asOfDay), termsAmount: field(terms.termsAmount),
      ownerId: owner, aggregateSalt: fieldFromSalt(source.aggregateSalt),
      ...own.datasetSignals(last.state, header), stateSalt: salt,
    },
  };
}
