import type { Abi } from "viem";
import { toHex0x, proofWords, with0x, type Hex } from "./encode.js";
import { disclosureSignals, recipientDigest } from "../protocol/disclosure.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { Disclosure } from "../protocol/objects/disclosure.js";
import { connect, type ChainTarget } from "./client.js";
import { refused } from "./errors.js";
import { disclosureVerifierAbi } from "./generated/disclosure-verifier.js";

/** One question to DisclosureVerifier.verify. */
export interface DisclosureCall {
  readonly address: Hex;
  readonly abi: Abi;
  readonly functionName: "verify";
  readonly args: readonly unknown[];
}

/** @param contract the DisclosureVerifier of the disclosure's ledger */
export const disclosureCall = (contract: LedgerAddress, { context, claim, resultCommitment, proof }: Disclosure): DisclosureCall => ({
  address: with0x(contract),
  abi: disclosureVerifierAbi,
  functionName: "verify",
  args: [
    context.jobBinding, toHex0x(recipientDigest(context.recipient)), BigInt(context.expiresAt),
    disclosureSignals(resultCommitment, claim, context), proofWords(proof),
  ],
});

/**
 * Asks the contract what a recipient on the chain would be told, at the time of the latest block.
 * @throws chain_refused (the fact `reason` is the contract's error), chain_unavailable
 */
export async function verifyOnLedger(target: ChainTarget, contract: LedgerAddress, disclosure: Disclosure): Promise<void> {
  try {
    const { viem } = await connect(target);
    await viem.readContract(disclosureCall(contract, disclosure));
  } catch (error) {
    throw refused("verifyDisclosure", error);
  }
}
