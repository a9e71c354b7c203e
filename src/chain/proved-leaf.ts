import { ensure } from "../protocol/errors.js";
import type { ChainReader, ChainSender, Mined, ProvedLeaf } from "./ports.js";

/** As ProvedDatasetRegistry.MAX_STEPS. */
export const MAX_STEPS = 256;
/** About 7.5 million gas: a quarter of the block of a main network, and within what most permissioned chains take. */
const DEFAULT_STEPS = 128;

export interface ProvedLeafOptions {
  /** Ingest proofs a transaction, 1..256; about 57,000 gas each. */
  readonly stepsPerTransaction?: number;
  /** Ingest proofs that the ledger has taken so far. */
  readonly onSteps?: (done: number) => void;
}

/**
 * Registers a leaf with its whole dataset proof: in one transaction, or, where it has more steps than fit, its first steps
 * ahead of it. May be repeated after an interruption: steps that the ledger has taken are not sent again. Check the proof
 * beforehand (verifyDatasetProof): the ledger says only that some step is bad.
 * @returns the transaction that registered the leaf
 * @throws input_invalid, and as ChainSender
 */
export async function sendProvedLeaf(
  reader: Pick<ChainReader, "isReached">, sender: Pick<ChainSender, "proveSteps" | "insertProvedLeaf">, leaf: ProvedLeaf, options: ProvedLeafOptions = {},
): Promise<Mined> {
  const { stepsPerTransaction = DEFAULT_STEPS, onSteps = () => undefined } = options;
  const { program, states, chunks } = leaf.proof;
  ensure(stepsPerTransaction >= 1 && stepsPerTransaction <= MAX_STEPS, "input_invalid", "a transaction takes 1 to 256 steps", { stepsPerTransaction });
  const [start] = states;
  ensure(start !== undefined && states.length === chunks.length + 1, "input_invalid", "a chain of n proofs has n + 1 states",
    { states: states.length, proofs: chunks.length });

  let from = 0;
  for (; chunks.length - from > stepsPerTransaction; from += stepsPerTransaction) {
    const to = from + stepsPerTransaction;
    const steps = { program, start, states: states.slice(from, to + 1), chunks: chunks.slice(from, to) };
    if (!(await reader.isReached(program, start, states[to] as typeof start))) await sender.proveSteps(steps);
    onSteps(to);
  }
  const mined = await sender.insertProvedLeaf(leaf, from);
  onSteps(chunks.length);
  return mined;
}
