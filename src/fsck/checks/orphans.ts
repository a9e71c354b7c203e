import { sql } from "kysely";
import type { Db } from "../../coordinator/store/schema.js";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";

interface Rule { readonly table: string; readonly column: string; readonly parents: readonly { readonly table: string; readonly column: string }[] }
const rule = (table: string, column: string, ...parents: readonly string[]): Rule =>
  ({ table, column, parents: parents.map((parent) => ({ table: parent, column: "id" })) });

/** Whose rows belong to whose. The database keeps most of this itself; a store that was restored or mended by hand may not. */
const RULES: readonly Rule[] = [
  rule("job_events", "job", "jobs"), rule("completions", "job", "jobs"), rule("results", "job", "jobs"), rule("receipts", "job", "jobs"),
  rule("key_requests", "job", "jobs", "proof_requests"),
  rule("proof_tasks", "request", "proof_requests"), rule("proof_requests", "dataset", "datasets"),
  rule("jobs", "dataset", "datasets"), rule("jobs", "model", "models"), rule("jobs", "grant_id", "grants"),
  rule("grants", "dataset", "datasets"), rule("revocations", "grant_id", "grants"), rule("blob_refs", "object", "datasets", "models"),
  { table: "leaves", column: "leaf", parents: [{ table: "datasets", column: "leaf" }] },
  { table: "proved_leaves", column: "leaf", parents: [{ table: "datasets", column: "leaf" }] },
];

export const checkOrphans: Check = async ({ db }) => {
  const found: Finding[] = [];
  for (const { table, column, parents } of RULES) {
    const there = await present(db, [table, ...parents.map((p) => p.table)]);
    if (!there.includes(table)) continue;
    const strays = parents.filter((p) => there.includes(p.table)).map((p) => `not exists (select from ${p.table} p where p.${p.column} = t.${column})`);
    const { rows } = await sql.raw<{ subject: string }>(`select distinct t.${column} as subject from ${table} t where ${strays.join(" and ")}`).execute(db);
    const owners = parents.map((p) => p.table).join(" or ");
    for (const { subject } of rows) found.push({ check: "orphans", kind: "orphaned", subject, says: `a row of ${table} belongs to nothing in ${owners}` });
  }
  return found;
};

/** The tables that this store has. */
async function present(db: Db, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select t.name from unnest(array[${sql.join(tables)}]::text[]) as t(name) where to_regclass(t.name) is not null`.execute(db);
  return rows.map((row) => row.name);
}
