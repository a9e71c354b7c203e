import { ensure, VeriteeError } from "../protocol/errors.js";
import { equationHolds } from "./equation.js";
import { openItem, openKey, type OpenItem, type OpenKey, type ProofItem } from "./open.js";
import type { VerificationKey } from "./types.js";

export type { ProofItem } from "./open.js";

/** As in contracts/src/Groth16.sol. */
export const MAX_BATCH = 64;

/**
 * Checks 1 to 64 proofs under one key at once; says yes only when each of them would verify alone (but for probability
 * 2^-128). Which one is bad, findInvalid tells.
 * @throws proof_invalid, signal_out_of_range (fact `item` where one is malformed), parameters_insecure, input_invalid (size)
 */
export function verifyBatch(key: VerificationKey, items: readonly ProofItem[]): void {
  ensure(items.length >= 1 && items.length <= MAX_BATCH, "input_invalid", "a batch has 1 to 64 proofs", { proofs: items.length });
  const vk = openKey(key);
  const open = items.map((item, index) => {
    const made = opened(vk, item);
    if (made instanceof VeriteeError) throw new VeriteeError(made.code, made.message, { ...made.facts, item: index }, { cause: made });
    return made;
  });
  ensure(equationHolds(vk, open), "proof_invalid", "the pairing equation of the batch does not hold");
}

/**
 * Positions of the proofs that do not verify, ascending; empty when all do. Halves until it knows: one check when all are
 * good, about 2 log2(k) for one bad one.
 * @throws parameters_insecure, proof_invalid (the key), input_invalid (more than 64)
 */
export function findInvalid(key: VerificationKey, items: readonly ProofItem[]): readonly number[] {
  ensure(items.length <= MAX_BATCH, "input_invalid", "a batch has 1 to 64 proofs", { proofs: items.length });
  const vk = openKey(key);
  const all = items.map((item, index) => ({ index, item: opened(vk, item) }));
  const malformed = all.flatMap(({ index, item }) => (item instanceof VeriteeError ? [index] : []));
  const rest = all.flatMap(({ index, item }) => (item instanceof VeriteeError ? [] : [{ index, item }]));
  return [...malformed, ...bisect(vk, rest, false)].sort((a, b) => a - b);
}

type Indexed = { readonly index: number; readonly item: OpenItem };

/** @param failed that some of these are bad is known already */
function bisect(vk: OpenKey, items: readonly Indexed[], failed: boolean): readonly number[] {
  if (items.length === 0 || (!failed && equationHolds(vk, items.map(({ item }) => item)))) return [];
  if (items.length === 1) return items.map(({ index }) => index);
  const middle = items.length >> 1;
  const left = bisect(vk, items.slice(0, middle), false);
  return [...left, ...bisect(vk, items.slice(middle), left.length === 0)];
}

/** A malformed item as its error. */
function opened(vk: OpenKey, item: ProofItem): OpenItem | VeriteeError {
  try {
    return openItem(vk, item);
  } catch (error) {
    if (error instanceof VeriteeError) return error;
    throw error;
  }
}
