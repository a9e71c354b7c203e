import { sql } from "kysely";
import type { BlobId, ObjectId, PartyKey } from "../../protocol/ids.js";
import type { Db } from "./schema.js";

const ROWS_A_STATEMENT = 1000;

/** Notes which blobs a dataset or model is made of. */
export async function addBlobRefs(db: Db, object: ObjectId, blobs: readonly BlobId[]): Promise<void> {
  const rows = [...new Set(blobs)].map((blob) => ({ blob, object }));
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
    await db.insertInto("blob_refs").values(rows.slice(i, i + ROWS_A_STATEMENT)).onConflict((c) => c.doNothing()).execute();
  }
}

/**
 * Whether a caller may read a blob: the owner of a dataset or model that names it, or a worker that holds the lease of a job
 * that needs it. Whoever knows a blob's hash can name it in a manifest of its own and then read it: a hash is as secret as
 * the manifest, and what it opens is ciphertext.
 */
export async function mayReadBlob(db: Db, caller: PartyKey, blob: BlobId): Promise<boolean> {
  const { rows } = await sql`
    select 1 from blob_refs r join datasets d on d.id = r.object where r.blob = ${blob} and d.owner = ${caller}
    union all
    select 1 from blob_refs r join models m on m.id = r.object where r.blob = ${blob} and m.platform = ${caller}
    union all
    select 1 from blob_refs r join jobs j on r.object in (j.dataset, j.model)
      where r.blob = ${blob} and j.state = 'running' and j.lease_worker = ${caller} and j.lease_expires_at > now()
    union all
    select 1 from blob_refs r join proof_requests p on p.dataset = r.object join proof_tasks t on t.request = p.id
      where r.blob = ${blob} and t.state = 'leased' and t.worker = ${caller} and t.expires_at > now()
    limit 1`.execute(db);
  return rows.length > 0;
}
