import type { Claims } from "../attestation/types.js";
import { toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import type { PinnedKey } from "../proofs/pinned-key.js";
import type { ReceiptStatement } from "../protocol/objects/receipt.js";
import type { ReadReceipt } from "./read-receipt.js";
import type { VerifyOptions } from "./types.js";

/** The labels, signed and outer ones, equal what evidence and key say. A label is never believed. */
export function checkLabels({ statement, labels }: ReadReceipt, claims: Claims, key: PinnedKey): string {
  const { simulated } = claims;
  const { development } = key;
  const same = (what: string, label: boolean, truth: boolean): void =>
    ensure(label === truth, "receipt_invalid", `the ${what} label is wrong`, { label, recomputed: truth });
  same("signed simulated", statement.simulated, simulated);
  same("outer simulated", labels.simulated, simulated);
  same("signed development parameters", statement.developmentParameters, development);
  same("outer development parameters", labels.developmentParameters, development);
  return `simulated: ${simulated ? "yes" : "no"}, development parameters: ${development ? "yes" : "no"}`;
}

export function checkHardware({ simulated, anchor }: Claims): string {
  ensure(!simulated, "evidence_anchor", "simulated evidence, real hardware is required", { anchor });
  return `real hardware under trust anchor ${anchor}`;
}

/** Whether proofs under public development parameters count: only where the verifier says so. */
export const developmentAllowed = ({ allowDevelopmentParameters = false }: VerifyOptions): boolean => allowDevelopmentParameters;

/** Run unless development parameters are allowed. */
export function checkProductionParameters({ development, sha256 }: PinnedKey): string {
  ensure(!development, "parameters_insecure",
    "DEVELOPMENT parameters: anyone can forge proofs under them, so they count only where they are allowed (allowDevelopmentParameters, --allow-development)",
    { parameters: "development-INSECURE", verificationKey: toHex(sha256) });
  return `parameters of a ceremony, verification key ${toHex(sha256)}`;
}

/** What the receipt says of the data behind it. That R is of the registry it says, the check `root` asks the ledger. */
export function checkDataset({ datasetProved, sourceClass }: Pick<ReceiptStatement, "datasetProved" | "sourceClass">, required: boolean): string {
  ensure(datasetProved || !required, "dataset_unproved", "the aggregates are the owner's word, proved ones are required");
  // A class that no dataset proof stands behind is what the owner wrote into its own leaf.
  ensure(datasetProved || sourceClass === 0, "receipt_invalid", "a source is named without a proof that it endorsed the records", { sourceClass });
  return datasetProved ? "the aggregates are proved to be those of the committed records" : "the aggregates are the owner's word: the dataset is not proved";
}
