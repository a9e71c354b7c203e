import type { WorkerEntry } from "../coordinator/chain-port.js";
import type { WorkerRow } from "../coordinator/store/schema.js";
import type { LedgerAddress } from "../protocol/ids.js";
import { readAnchor } from "../protocol/objects/parts.js";
import { certificateDigest, certificateFromBytes } from "../protocol/objects/receipt.js";

/** What the ledger is to have of a worker. @throws when the stored certificate cannot be read */
export const workerEntry = (row: WorkerRow): WorkerEntry => ({
  account: row.ledger_address as LedgerAddress, evidenceDigest: certificateDigest(certificateFromBytes(row.certificate)),
  notAfter: Number(row.not_after), anchor: readAnchor(row.anchor),
});
