import type { Db } from "../coordinator/store/schema.js";
import { enqueueSend } from "../coordinator/outbox/queue.js";
import { advance, lockJob } from "../coordinator/queue/advance.js";
import type { QueueLimits } from "../coordinator/queue/limits.js";
import { sweepTasks } from "../coordinator/queue/proof-tasks.js";
import { sweepJobs } from "../coordinator/queue/sweep.js";
import { forgetNonces } from "../coordinator/store/nonces.js";
import { forgetWorkerChallenges } from "../coordinator/store/workers.js";
import type { BlobShelf, StoredBlob } from "../coordinator/blobs/blobs.js";
import type { Finding, Repair } from "./finding.js";

export interface RepairParts {
  readonly db: Db;
  readonly blobs?: BlobShelf | undefined;
  readonly limits: QueueLimits;
  /** Unix seconds, of the clock that judges signatures. */
  readonly now: number;
}

/** A repair that was done, by name. */
export interface Repaired { readonly name: Repair["name"]; readonly subject: string }

/**
 * Does what is safe about findings, and only that. Chain and logs are never touched. Coordinators must be stopped: a blob that
 * nothing refers to may be named by a manifest that is coming in.
 */
export async function repair(parts: RepairParts, findings: readonly Finding[]): Promise<readonly Repaired[]> {
  const done: Repaired[] = [];
  if (findings.some((finding) => finding.repair?.name === "sweep")) {
    await sweep(parts);
    done.push({ name: "sweep", subject: "store" });
  }
  for (const { repair: wanted, subject } of findings) {
    if (wanted === undefined || wanted.name === "sweep") continue;
    if (await mend(parts, wanted)) done.push({ name: wanted.name, subject });
  }
  return done;
}

/** False when there is nothing to mend by now. */
async function mend(parts: RepairParts, wanted: Exclude<Repair, { readonly name: "sweep" }>): Promise<boolean> {
  switch (wanted.name) {
    case "plan-send":
      await parts.db.transaction().execute((trx) => enqueueSend(trx, wanted.send));
      return true;
    case "drop-blob": return dropBlob(parts, wanted.blob);
    case "end-overtaken": return endOvertaken(parts, wanted.job);
  }
}

/** The ledger takes one receipt of a job: whatever a worker would still make of it is refused. */
function endOvertaken({ db, limits }: RepairParts, id: string): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const job = await lockJob(trx, id);
    const error = { code: "conflict", reason: "the ledger has a receipt that this store does not know" } as const;
    return job !== undefined && (await advance(trx, job, "overtaken", limits, { error })) !== undefined;
  });
}

async function sweep({ db, limits, now }: RepairParts): Promise<void> {
  while ((await sweepJobs(db, limits)).length > 0);
  while ((await sweepTasks(db, limits)).length > 0);
  await forgetNonces(db, now);
  await forgetWorkerChallenges(db);
}

/** False when something refers to it by now. */
async function dropBlob({ db, blobs }: RepairParts, blob: StoredBlob): Promise<boolean> {
  const ref = blob.id === undefined ? undefined : await db.selectFrom("blob_refs").select("object").where("blob", "=", blob.id).executeTakeFirst();
  if (blobs === undefined || ref !== undefined) return false;
  await blobs.remove(blob);
  return true;
}
