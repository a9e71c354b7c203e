import type { WorkerEntry } from "../../coordinator/chain-port.js";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";
import { workerEntry } from "../worker-entry.js";

/** A worker that is registered here is on the ledger, with this evidence and this expiry. */
export const checkWorkers: Check = async ({ db, ledger }) => {
  const found: Finding[] = [];
  // A reorganisation took the registration away, and it is planned again.
  const undone = new Set((await db.selectFrom("outbox").select("subject").where("kind", "=", "register_worker").where("state", "=", "pending").where("undone", ">", 0).execute())
    .map((row) => row.subject));
  for (const row of await db.selectFrom("workers").selectAll().orderBy("signing_key").execute()) {
    const finding = (kind: Finding["kind"], says: string): Finding => ({ check: "workers", kind, subject: row.signing_key, says });
    let entry: WorkerEntry;
    try {
      entry = workerEntry(row);
    } catch {
      found.push(finding("damaged", "the worker's certificate cannot be read"));
      continue;
    }
    if (ledger === undefined || row.state !== "registered" || undone.has(row.signing_key) || await ledger.isWorkerRegistered(entry)) continue;
    found.push(finding("contradictory", "registered here and not on the ledger, or revoked there, or with other evidence or another expiry"));
  }
  return found;
};
