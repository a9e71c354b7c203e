import { BaseError } from "viem";
import { describe, expect, it } from "vitest";
import { answerIn, answerOf, type Answer } from "../../src/chain/transactions/answers.js";

// Promise: the words of the nodes in use mean what they mean; what nobody listed is trouble that passes.

const SAID: readonly (readonly [string, string, Answer])[] = [
  ["geth", "already known", "taken"],
  ["anvil", "transaction already imported", "taken"],
  ["besu", "Known transaction", "taken"],
  ["nethermind", "AlreadyKnown", "taken"],
  ["erigon", "ALREADY_EXISTS: already known", "taken"],
  ["geth", "nonce too low: next nonce 5, tx nonce 3", "nonce_used"],
  ["anvil", "nonce too low", "nonce_used"],
  ["besu", "Nonce too low", "nonce_used"],
  ["nethermind", "OldNonce", "nonce_used"],
  ["geth", "replacement transaction underpriced: new tx gas fee cap 3300000000 <= 3000000000 queued", "outbid"],
  ["anvil", "replacement transaction underpriced", "outbid"],
  ["besu", "Replacement transaction underpriced", "outbid"],
  ["nethermind", "ReplacementNotAllowed", "outbid"],
  ["erigon", "could not replace existing tx", "outbid"],
  ["geth", "transaction underpriced: gas tip cap 0, minimum needed 1", "fee_low"],
  ["anvil", "max fee per gas less than block base fee", "fee_low"],
  ["geth", "max fee per gas less than block base fee: address 0x00, maxFeePerGas: 1, baseFee: 7", "fee_low"],
  ["besu", "Gas price below configured minimum gas price", "fee_low"],
  ["nethermind", "FeeTooLowToCompete", "fee_low"],
  ["erigon", "fee too low", "fee_low"],
  ["geth", "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1", "unfunded"],
  ["anvil", "Insufficient funds for gas * price + value", "unfunded"],
  ["besu", "Upfront cost exceeds account balance", "unfunded"],
  ["nethermind", "InsufficientFunds", "unfunded"],
  ["geth", "intrinsic gas too low: gas 20000, minimum needed 21000", "never"],
  ["anvil", "intrinsic gas too high -- tx.gas_limit > env.block.gas_limit", "never"],
  ["geth", "exceeds block gas limit", "never"],
  ["besu", "Transaction gas limit exceeds block gas limit", "never"],
  ["geth", "transaction type not supported", "never"],
  ["geth", "invalid chain id for signer: have 5 want 1", "never"],
  ["geth", "txpool is full", "later"],
  ["nethermind", "NonceGap", "later"],
  ["besu", "Transaction nonce is too distant from current sender nonce", "later"],
  ["geth", "tx fee (8.38 ether) exceeds the configured cap (1.00 ether)", "later"],
  ["a proxy", "429 Too Many Requests", "later"],
  ["nobody", "", "later"],
];

describe("answerOf", () => {
  it.each(SAID)("takes %s's «%s» for %s", (_, words, answer) => { expect(answerOf(words)).toBe(answer); });
});

describe("answerIn", () => {
  it("finds the words anywhere among the causes, and takes no answer at all for trouble that passes", () => {
    const told = new BaseError("send failed", { cause: new BaseError("rpc failed", { cause: new BaseError("request", { details: "nonce too low" }) }) });
    expect(answerIn(told)).toBe("nonce_used");
    expect(answerIn(new TypeError("fetch failed"))).toBe("later");
    expect(answerIn(undefined)).toBe("later");
  });

  it("does not go by messages, which quote the transaction", () => {
    expect(answerIn(new Error("0x… already known"))).toBe("later");
  });
});
