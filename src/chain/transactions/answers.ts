// What nodes say to a signed transaction. There is no standard for it: JSON-RPC fixes neither codes nor words, so the words of
// the nodes in use are listed, geth's first. What is in no list is taken for trouble that passes.

/**
 * - `taken`: the node has it, now or from before
 * - `nonce_used`: a transaction with this nonce is in a block, ours or another
 * - `outbid`: the node holds another one with this nonce, and this one does not offer enough more
 * - `fee_low`: it offers less than the node takes at the moment
 * - `unfunded`: the account cannot pay for it
 * - `never`: no node will ever take it as it is
 * - `later`: anything else, no answer included: it may have arrived
 */
export type Answer = "taken" | "nonce_used" | "outbid" | "fee_low" | "unfunded" | "never" | "later";

/** The first line that fits counts. */
const TABLE: readonly (readonly [Answer, readonly RegExp[]])[] = [
  ["taken", [
    /already known/i, // geth, erigon (ALREADY_EXISTS)
    /already imported/i, // anvil, older nodes
    /known transaction/i, // besu
    /alreadyknown/i, // nethermind
    /already in (the )?mempool/i,
  ]],
  ["nonce_used", [/nonce too low/i, /oldnonce/i, /nonce is too low/i, /nonce .*already (been )?used/i]],
  ["outbid", [
    /replacement .*underpriced/i, // geth, anvil, besu
    /replacementnotallowed/i, // nethermind
    /could not replace existing/i, // erigon
    /future transaction tries to replace pending/i,
  ]],
  ["fee_low", [
    /max ?fee ?per ?gas less than block base fee/i, // geth, anvil
    /fee ?too ?low/i, /feetoolowtocompete/i, // erigon, nethermind
    /gas price below/i, /max fee per gas below/i, // besu
    /transaction underpriced/i, /gas price too low/i, /\bunderpriced\b/i,
  ]],
  ["unfunded", [/insufficient ?funds/i, /upfront cost exceeds/i, /exceeds account balance/i, /insufficient balance/i]],
  ["later", [
    /exceeds the configured cap/i, // geth: its operator's bound on the fee of a whole transaction
    /txpool is full/i, /pool is full/i, /account limit exceeded/i, /nonce ?gap/i, /nonce is too distant/i, /nonce too (high|far)/i, /in-flight transaction limit/i,
  ]],
  ["never", [
    /intrinsic gas/i, // too low, too high, exceeds
    /exceeds (the )?block gas limit/i, /gas ?limit ?(exceeded|too high)/i, /transaction gas limit/i, /exceeds .*gas limit/i,
    /oversized data/i, /max initcode size/i, /transaction type .*(not supported|invalid)/i, /invalid transaction type/i,
    /invalid (sender|chain id|signature)/i, /replay-protected/i, /sender ?is ?contract/i,
    /tip ?above ?fee ?cap|priority fee .*higher than max fee/i,
  ]],
];

/** What a node's words mean. */
export const answerOf = (words: string): Answer =>
  TABLE.find(([, patterns]) => patterns.some((pattern) => pattern.test(words)))?.[0] ?? "later";

interface Wordy { readonly details?: unknown; readonly shortMessage?: unknown }

/** The same of a failed call: the words are somewhere in its chain of causes. */
export function answerIn(error: unknown): Answer {
  for (let e = error; e instanceof Error; e = e.cause) {
    const { details } = e as Error & Wordy;
    if (typeof details !== "string" || details === "") continue;
    const answer = answerOf(details);
    if (answer !== "later") return answer;
  }
  return "later";
}
