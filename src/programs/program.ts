import type { RecordLayout } from "../protocol/chunks.js";
import type { Field } from "../protocol/field.js";
import type { CanonicalRecord } from "../protocol/records.js";
import type { IngestPlan, IngestSource } from "./ingest.js";
import type { Scorecard } from "./scorecard.js";
import type { DayRange, Terms } from "./terms.js";

/** Named sums, counts and extrema of a dataset: whole numbers, each exact (|n| < 2^53). */
export type Aggregates = Readonly<Record<string, number | readonly number[]>>;

/** One pass over the records, in any order, in memory that grows with the number of counterparties only. */
export interface Accumulator<A> {
  /** @throws value_out_of_range naming the aggregate, input_invalid */
  add(record: CanonicalRecord): void;
  /** @throws value_out_of_range naming the aggregate that does not fit its lane */
  finish(): A;
}

/** A characteristic of the program's scorecards, in model order. */
export interface Characteristic {
  readonly name: string;
  /** no value is above it: an edge above it is refused */
  readonly cap: number;
}

/** value = min(cap, floor(a / b)), b > 0; `value >= e` is `a >= e * b` for e <= cap (docs/protocol.md 6). */
export interface Feature extends Characteristic {
  readonly value: bigint;
  readonly a: bigint;
  readonly b: bigint;
}

/** What can be computed: one folder a program, listed in registry.ts. */
export interface Program<A extends Aggregates = Aggregates> extends RecordLayout {
  /** the id without its version, as users type it */
  readonly name: string;
  readonly characteristics: readonly Characteristic[];
  readonly defaultModel: Scorecard;
  /** @throws terms_invalid naming the field */
  checkTerms(terms: Terms): void;
  /** The days whose records count, both included. */
  window(terms: Terms): DayRange;
  accumulator(terms: Terms): Accumulator<A>;
  /** What tells the counterparties of records apart that have a tag. */
  counterparty(record: CanonicalRecord): string;
  /** Section 5. */
  aggregateElements(aggregates: A): Field[];
  /** Section 6, in model order. */
  features(aggregates: A, terms: Terms): Feature[];
  /** The circuit's hints besides the bins, by input name (section 7). */
  hints(aggregates: A): Readonly<Record<string, bigint>>;
  /** Statements that prove the aggregates from the records (Ingest proofs). @throws value_out_of_range, terms_invalid */
  ingest(source: IngestSource): IngestPlan;
}

/** Aggregates of a whole dataset. @throws terms_invalid, value_out_of_range, input_invalid */
export function aggregate<A extends Aggregates>(
  program: Program<A>,
  records: Iterable<CanonicalRecord>,
  terms: Terms,
): A {
  const accumulator = program.accumulator(terms);
  for (const record of records) accumulator.add(record);
  return accumulator.finish();
}
