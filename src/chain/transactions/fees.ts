// What a transaction offers for its gas, in wei per unit of gas throughout.

/** What one version of a transaction offers. */
export interface Fees {
  /** maxFeePerGas, or the gas price where a chain has no base fee. */
  readonly maxFee: bigint;
  /** maxPriorityFeePerGas; undefined where a chain has no base fee. */
  readonly tip: bigint | undefined;
}

/** What a node asks at the moment. */
export interface Market {
  /** Of the latest block; undefined where the chain has none (before EIP-1559). */
  readonly baseFee: bigint | undefined;
  /** What the node recommends as tip, or as gas price without a base fee. */
  readonly recommended: bigint;
}

/** The base fee may double before a new transaction falls behind: that is six full blocks. */
const HEADROOM = 2n;

/** What a new transaction should offer, whatever the cap. */
export const asked = ({ baseFee, recommended }: Market): Fees =>
  (baseFee === undefined ? { maxFee: recommended, tip: undefined } : { maxFee: HEADROOM * baseFee + recommended, tip: recommended });

/** A first version: what the node asks, within the cap. Below the base fee it waits until that falls. */
export function firstFees(market: Market, cap: bigint): Fees {
  const { maxFee, tip } = asked(market);
  return within({ maxFee, tip }, cap);
}

/**
 * A version that replaces another: what the node asks, and at least an eighth more than before in both parts, for nodes ask
 * 10 to 12.5 % more (geth, besu, nethermind, erigon). Undefined when the cap has no room for that. Where a further
 * replacement would find no room the rest is offered at once.
 */
export function bumpedFees(old: Fees, market: Market, cap: bigint): Fees | undefined {
  const [maxFloor, tipFloor] = [raised(old.maxFee), raised(old.tip ?? old.maxFee)];
  if (maxFloor > cap) return undefined;
  const wanted = asked(market);
  const maxFee = larger(wanted.maxFee, maxFloor);
  return within({ maxFee: raised(maxFee) > cap ? cap : maxFee, tip: wanted.tip === undefined ? undefined : larger(wanted.tip, tipFloor) }, cap);
}

/** Whether a version can be in the next block by its fee. */
export const isEnough = ({ maxFee, tip }: Fees, { baseFee, recommended }: Market): boolean => maxFee >= (tip === undefined ? recommended : baseFee ?? 0n);

function within({ maxFee, tip }: Fees, cap: bigint): Fees {
  const capped = smaller(maxFee, cap);
  return { maxFee: capped, tip: tip === undefined ? undefined : smaller(tip, capped) };
}

/** An eighth more, rounded up. */
const raised = (fee: bigint): bigint => larger((9n * fee + 7n) / 8n, 1n);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
