import { toHex } from "../protocol/bytes.js";
import { disclosureFromJson } from "../protocol/disclosure-file.js";
import { ensure } from "../protocol/errors.js";
import { fieldToBytes, type Field } from "../protocol/field.js";
import type { Disclosure } from "../protocol/objects/disclosure.js";
import { pinnedKeyOf, type PinnedKey } from "../proofs/pinned-key.js";
import { Checklist } from "./checklist.js";
import {
  checkDisclosureKey, checkDisclosureLabels, checkDisclosureLedger, checkDisclosureProof, checkExpiry,
  checkReceiptMatch, checkRecipient,
} from "./disclosure-checks.js";
import { ledgerChecks } from "./disclosure-ledger.js";
import type { DisclosureFacts, DisclosureReport, ResultFacts, VerifyDisclosureOptions } from "./disclosure-types.js";
import { checkProductionParameters, developmentAllowed } from "./label-checks.js";
import type { Report } from "./types.js";
import { verifyReceipt } from "./verify-receipt.js";

/**
 * Checks a disclosure file (docs/protocol.md 13) and the receipt that it is about. Every check runs, whatever the others found.
 * Never throws, whatever it is given; without a chain it needs no network.
 * @param disclosureJson the parsed JSON of a disclosure file
 */
export async function verifyDisclosure(disclosureJson: unknown, options: VerifyDisclosureOptions): Promise<DisclosureReport> {
  const list = new Checklist();
  const { recipient, now, verify, key = pinnedKeyOf("disclose") } = options;
  const read = await readAs(list, disclosureJson);
  if (read === undefined) return report(list, options, key);

  const { disclosure, label } = read;
  await list.run("artefact-pins", () => checkDisclosureKey(disclosure, key));
  await list.run("proof", () => checkDisclosureProof(disclosure, key));
  await list.run("labels", () => checkDisclosureLabels(disclosure, label, key));
  await list.run("recipient", () => checkRecipient(disclosure, recipient));
  await list.run("expiry", () => checkExpiry(disclosure, now));
  if (!developmentAllowed(verify)) await list.run("production-parameters", () => checkProductionParameters(key));
  return report(list, options, key, { disclosure, ...(await resultChecks(list, disclosure, options)) });
}

async function readAs(list: Checklist, json: unknown): Promise<{ disclosure: Disclosure; label: boolean } | undefined> {
  let read: { disclosure: Disclosure; label: boolean } | undefined;
  const ok = await list.run("format", () => {
    const { labels, disclosure } = disclosureFromJson(json);
    read = { disclosure, label: labels.developmentParameters };
    return "a veritee-disclosure/1 file";
  });
  if (!ok) list.blocked(["artefact-pins", "proof", "labels", "recipient", "expiry", "receipt"], "the disclosure cannot be read");
  return read;
}

interface Behind {
  readonly receipt: Report | undefined;
  readonly result: ResultFacts | undefined;
  /** Of the score proof's key. */
  readonly development: boolean;
}

/** That K is a result: its receipt verifies, or the ledger has it. */
async function resultChecks(list: Checklist, disclosure: Disclosure, { receipt: json, verify }: VerifyDisclosureOptions): Promise<Behind> {
  const { chain, knownLedger } = verify;
  if (knownLedger !== undefined) await list.run("ledger-known", () => checkDisclosureLedger(disclosure, knownLedger));
  if (json !== undefined) {
    const receipt = await verifyReceipt(json, verify);
    await list.run("receipt", () => describeReceipt(receipt));
    await list.run("receipt-match", () => checkReceiptMatch(disclosure, receipt));
    return { receipt, result: receipt.facts, development: receipt.developmentParameters };
  }
  if (chain === undefined) {
    list.blocked(["receipt"], "neither the receipt nor the ledger is at hand, and without one of them anybody may have made up the result");
    return { receipt: undefined, result: undefined, development: true };
  }
  const found = await ledgerChecks(list, disclosure, chain, verify);
  return { receipt: undefined, result: found?.facts, development: found?.key.development ?? true };
}

function describeReceipt({ checks }: Report): string {
  const failed = checks.filter((c) => !c.ok);
  ensure(failed.length === 0, "disclosure_invalid", `the receipt is refused: ${failed.map((c) => c.name).join(", ")}`);
  return `the receipt passes all ${checks.length} checks`;
}

function report(
  list: Checklist, { verify }: VerifyDisclosureOptions, key: PinnedKey, behind?: Behind & { readonly disclosure: Disclosure },
): DisclosureReport {
  return {
    ok: list.checks.every((c) => c.ok),
    developmentParameters: !list.passed("proof") || key.development || (behind?.development ?? true),
    chainChecked: verify.chain !== undefined,
    ledgerKnown: verify.knownLedger !== undefined,
    facts: behind === undefined ? undefined : factsOf(behind.disclosure),
    result: behind?.result,
    checks: list.checks,
    receipt: behind?.receipt,
  };
}

const hexOf = (value: Field): string => toHex(fieldToBytes(value));

const factsOf = ({ claim, context, resultCommitment }: Disclosure): DisclosureFacts => ({
  scoreAtLeast: claim.scoreAtLeast,
  gradeRankAtMost: claim.gradeAtMost === undefined ? undefined : claim.gradeAtMost + 1,
  owner: claim.owner,
  model: claim.model === undefined ? undefined : hexOf(claim.model),
  recipient: context.recipient,
  expiresAt: context.expiresAt,
  jobBinding: hexOf(context.jobBinding),
  resultCommitment: hexOf(resultCommitment),
  chainId: context.chainId,
  ledger: context.ledger,
});
