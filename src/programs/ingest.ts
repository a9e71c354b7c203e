import type { Bytes } from "../protocol/bytes.js";
import type { Chunk } from "../protocol/chunks.js";
import type { Field } from "../protocol/field.js";
import type { CircuitInput } from "./score-input.js";
import type { Terms } from "./terms.js";

/** A dataset version as its owner holds it: what its ingest proofs are about (docs/protocol.md, Ingest proofs). */
export interface IngestSource {
  /** of a canonical dataset, in order */
  readonly chunks: readonly Chunk[];
  readonly terms: Terms;
  /** 31 bytes; the salt of the states is derived from it */
  readonly aggregateSalt: Bytes;
  readonly owner: Field;
  /** 0..5 */
  readonly sourceClass: number;
  /** 0 when unendorsed */
  readonly sourceKey: Field;
}

/** The statements of one dataset version and the inputs of their circuits. */
export interface IngestPlan {
  /** S_0..S_n: chunk i takes states[i - 1] to states[i]; one more than there are chunks */
  readonly states: readonly Field[];
  /** L */
  readonly leaf: Field;
  /** D */
  readonly datasetRoot: Field;
  /**
   * Input of the ingest circuit for a chunk, made when asked: those of a large dataset do not stay in memory.
   * @param index from 1 @throws input_invalid when there is no such chunk
   */
  chunkInput(index: number): CircuitInput;
  readonly datasetInput: CircuitInput;
}
