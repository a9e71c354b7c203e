/** When something is done about a transaction that is in no block, in seconds. */
export interface Pace {
  /** A version is replaced by one with a higher fee after this, if blocks came meanwhile. */
  readonly feeBumpSeconds: number;
  /** A node that does not know a transaction gets it again after this. */
  readonly resendSeconds: number;
  /** A used nonce without one of its versions counts as somebody else's after this: nodes show a block before its receipts. */
  readonly foreignSeconds: number;
}

/** What sending may cost and how patient it is. */
export interface SendingRules extends Pace {
  /** Wei per gas that no transaction may offer more of. */
  readonly maxFeePerGas: bigint;
}

const GWEI = 10n ** 9n;

/** Far above what main networks ask on a bad day, and a bound: 16 receipts at it take about two coins. */
export const DEFAULT_RULES: SendingRules = { maxFeePerGas: 500n * GWEI, feeBumpSeconds: 45, resendSeconds: 10, foreignSeconds: 5 };
