import { receiptStatement, certificateFromBytes, type ReceiptStatement, type Signed, type WorkerCertificate } from "../../protocol/objects/index.js";
import type { Db } from "./schema.js";

export interface Completion { readonly statement: Signed<ReceiptStatement>; readonly certificate: WorkerCertificate }

/** What a worker handed in for one attempt of a job. */
export async function findCompletion(db: Db, job: string, attempt: number): Promise<Completion> {
  const row = await db.selectFrom("completions").select(["receipt", "certificate"])
    .where("job", "=", job).where("attempt", "=", attempt).executeTakeFirstOrThrow();
  return { statement: receiptStatement.open(row.receipt), certificate: certificateFromBytes(row.certificate) };
}
