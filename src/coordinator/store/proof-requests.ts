import { sql } from "kysely";
import type { ProofRequestView } from "../../transport/api.js";
import type { Db, NewProofRequest } from "./schema.js";

const ROWS_A_STATEMENT = 1000;

/** Keeps a request and its statements, in a transaction. The same one again changes nothing. */
export async function insertProofRequest(trx: Db, request: NewProofRequest, statements: readonly number[]): Promise<void> {
  const created = await trx.insertInto("proof_requests").values(request).onConflict((c) => c.column("id").doNothing()).returning("id").executeTakeFirst();
  if (created === undefined) return;
  const rows = statements.map((statement) => ({ request: request.id, statement, available_at: sql<Date>`now()` }));
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) await trx.insertInto("proof_tasks").values(rows.slice(i, i + ROWS_A_STATEMENT)).execute();
}

export const findProofRequest = (db: Db, id: string) =>
  db.selectFrom("proof_requests").select(["id", "owner", "dataset"]).where("id", "=", id).executeTakeFirst();

/** Everything a worker needs to judge a request for itself, as received. */
export const findProofLeaseParts = (db: Db, id: string) =>
  db.selectFrom("proof_requests as p").innerJoin("datasets as d", "d.id", "p.dataset")
    .select(["p.envelope as request", "d.envelope as dataset"]).where("p.id", "=", id).executeTakeFirstOrThrow();

/** The proof of a statement, once it is there. */
export async function findProof(db: Db, id: string, statement: number) {
  const row = await db.selectFrom("proof_tasks").select("proof").where("request", "=", id).where("statement", "=", statement).executeTakeFirst();
  return row?.proof ?? undefined;
}

/** How far a request is. One statement that failed for good fails it, but what is done stays to be fetched. */
export async function proofRequestView(db: Db, id: string): Promise<ProofRequestView> {
  const tasks = await db.selectFrom("proof_tasks").select(["statement", "state", "error_code"]).where("request", "=", id).orderBy("statement").execute();
  const { over } = await db.selectFrom("proof_requests").select(sql<boolean>`not_after <= extract(epoch from now())::bigint`.as("over"))
    .where("id", "=", id).executeTakeFirstOrThrow();
  const done = tasks.filter((t) => t.state === "done").map((t) => t.statement);
  const failed = tasks.find((t) => t.state === "failed");
  const ended = done.length === tasks.length ? "done" : failed !== undefined || over ? "failed" : "running";
  const error = ended === "failed" ? failed?.error_code ?? "job_expired" : undefined;
  return { state: ended, statements: tasks.length, leased: tasks.filter((t) => t.state === "leased").length, done, error };
}
