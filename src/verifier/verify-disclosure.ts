import { toHex } from "../protocol/bytes.js";
import { disclosureFromJson } from "../protocol/disclosure-file.js";
import { ensure } from "../protocol/errors.js";
import { fieldToBytes, type Field } from "../protocol/field.js";
import type { Disclosure } from "../protocol/objects/disclosure.js";
import { pinnedKeyOf, type PinnedKey } from "../proofs/pinned-key.js";
import { answered, Checklist } from "./checklist.js";
import {
  checkDisclosureKey, checkDisclosureLabels, checkDisclosureLedger, checkDisclosureProof, checkDisclosureRecorded, checkExpiry,
  checkReceiptMatch, checkRecipient,
} from "./disclosure-checks.js";
import type { DisclosureFacts, DisclosureReport, VerifyDisclosureOptions } from "./disclosure-types.js";
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
  const receipt = await resultChecks(list, disclosure, options);
  return report(list, options, key, disclosure, receipt);
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

/** That K is a result: its receipt verifies, or the ledger has it. */
async function resultChecks(list: Checklist, disclosure: Disclosure, { receipt: json, verify }: VerifyDisclosureOptions): Promise<Report | undefined> {
  const { chain, knownLedger } = verify;
  let receipt: Report | undefined;
  if (json !== undefined) {
    const judged = await verifyReceipt(json, verify);
    receipt = judged;
    await list.run("receipt", () => describeReceipt(judged));
    await list.run("receipt-match", () => checkReceiptMatch(disclosure, judged));
  } else if (chain === undefined) {
    list.blocked(["receipt"], "neither the receipt nor the ledger is at hand, and without one of them anybody may have made up the result");
  }
  if (knownLedger !== undefined) await list.run("ledger-known", () => checkDisclosureLedger(disclosure, knownLedger));
  if (chain !== undefined) await list.run("recorded", answered(() => checkDisclosureRecorded(disclosure, chain)));
  return receipt;
}

function describeReceipt({ checks }: Report): string {
  const failed = checks.filter((c) => !c.ok);
  ensure(failed.length === 0, "disclosure_invalid", `the receipt is refused: ${failed.map((c) => c.name).join(", ")}`);
  return `the receipt passes all ${checks.length} checks`;
}

function report(
  list: Checklist, { verify }: VerifyDisclosureOptions, { development }: PinnedKey, disclosure?: Disclosure, receipt?: Report,
): DisclosureReport {
  return {
    ok: list.checks.every((c) => c.ok),
    developmentParameters: !list.passed("proof") || development || (receipt?.developmentParameters ?? false),
    chainChecked: verify.chain !== undefined,
    ledgerKnown: verify.knownLedger !== undefined,
    facts: disclosure === undefined ? undefined : factsOf(disclosure),
    checks: list.checks,
    receipt,
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
