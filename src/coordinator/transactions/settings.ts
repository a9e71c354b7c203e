import { z } from "zod";
import { DEFAULT_RULES, type SendingRules } from "../../chain/transactions/pace.js";

const GWEI = 1e9;

/** How the registrar's account sends. */
export const transactionSettings = z.strictObject({
  /** Gwei per gas that no transaction may offer more of, whatever the chain asks: deeds wait then. */
  maxFeePerGasGwei: z.number().positive().max(1_000_000).default(Number(DEFAULT_RULES.maxFeePerGas) / GWEI),
  /** A transaction that is in no block by then is signed again with a higher fee, and so on. */
  feeBumpSeconds: z.int().min(1).max(3600).default(DEFAULT_RULES.feeBumpSeconds),
  /** A node that does not know a transaction any more gets it again after this. */
  resendSeconds: z.int().min(1).max(3600).default(DEFAULT_RULES.resendSeconds),
  /** A used nonce counts as somebody else's when none of its own transactions has shown up by then. */
  foreignSeconds: z.int().min(1).max(3600).default(DEFAULT_RULES.foreignSeconds),
});
export type TransactionSettings = z.output<typeof transactionSettings>;

export const sendingRules = ({ maxFeePerGasGwei, ...pace }: TransactionSettings): SendingRules =>
  ({ ...pace, maxFeePerGas: BigInt(Math.round(maxFeePerGasGwei * GWEI)) });
