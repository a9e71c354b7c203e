import { create } from "@bufbuild/protobuf";
import { equalBytes, toHex } from "../protocol/bytes.js";
import { disclosureSignals, type DisclosureContext } from "../protocol/disclosure.js";
import { ensure } from "../protocol/errors.js";
import { fieldToBytes } from "../protocol/field.js";
import type { Disclosure } from "../protocol/objects/disclosure.js";
import { Groth16ProofSchema } from "../protocol/wire/veritee_pb.js";
import { proofFromWire } from "../proofs/codec.js";
import type { PinnedKey } from "../proofs/pinned-key.js";
import { verifyProof } from "../proofs/verify.js";
import type { KnownLedger, Report } from "./types.js";

/** The disclosure names the very verification key that this verifier pins. */
export function checkDisclosureKey({ verificationKeySha256: found }: Disclosure, { sha256 }: PinnedKey): string {
  ensure(equalBytes(found, sha256), "artefact_mismatch", "the verification key is not the pinned one", { found: toHex(found), expected: toHex(sha256) });
  return `verification key ${toHex(sha256)}`;
}

/** Under the pinned key, for signals that are computed here from what the file says. */
export function checkDisclosureProof({ resultCommitment, claim, context, proof: { a, b, c } }: Disclosure, { key }: PinnedKey): string {
  const proof = proofFromWire(create(Groth16ProofSchema, { a: [...a], b: [...b], c: [...c] }));
  verifyProof(key, disclosureSignals(resultCommitment, claim, context), proof);
  return "the Groth16 proof verifies for this claim, recipient, expiry and ledger entry";
}

/** The labels, bound and outer, equal what the key says. */
export function checkDisclosureLabels({ developmentParameters }: Disclosure, outer: boolean, { development }: PinnedKey): string {
  for (const label of [developmentParameters, outer]) {
    ensure(label === development, "disclosure_invalid", "the development parameters label is wrong", { label, recomputed: development });
  }
  return `development parameters: ${development ? "yes" : "no"}`;
}

export function checkRecipient({ context: { recipient } }: Disclosure, own: string): string {
  ensure(recipient === own, "disclosure_invalid", "the disclosure is made out to another recipient", { found: recipient, expected: own });
  return `made out to ${recipient}`;
}

export function checkExpiry({ context: { expiresAt } }: Disclosure, now: number): string {
  ensure(now <= expiresAt, "disclosure_invalid", "the disclosure has expired", { expiresAt, now });
  return `good for another ${expiresAt - now} seconds`;
}

/** The receipt that was verified is the one that the disclosure is about. */
export function checkReceiptMatch({ context, resultCommitment }: Disclosure, { facts }: Report): string {
  ensure(facts !== undefined, "disclosure_invalid", "not checked: the receipt cannot be read");
  const same = (what: string, found: string | number, expected: string | number): void =>
    ensure(found === expected, "disclosure_invalid", `the receipt is of another ${what}`, { found, expected });
  same("chain", facts.chainId, context.chainId);
  same("ledger", facts.ledger, context.ledger);
  same("job", facts.jobBinding, toHex(fieldToBytes(context.jobBinding)));
  same("result", facts.resultCommitment, toHex(fieldToBytes(resultCommitment)));
  return `the receipt of ${facts.program} as of ${facts.asOfDate} has this result`;
}

export function checkDisclosureLedger({ context }: Disclosure, known: KnownLedger): string {
  ensureLedger(context, known);
  return `ledger ${context.ledger} on chain ${context.chainId} is the known one`;
}

export function ensureLedger({ chainId, ledger }: DisclosureContext, known: KnownLedger): void {
  ensure(chainId === known.chainId, "disclosure_invalid", "the disclosure is of another chain", { found: chainId, expected: known.chainId });
  ensure(ledger === known.receiptLedger, "disclosure_invalid", "the disclosure is of another ledger", { found: ledger, expected: known.receiptLedger });
}
