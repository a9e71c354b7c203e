import { sql } from "kysely";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";

/** No grant is used more often than it allows, or after it was revoked. */
export const checkGrants: Check = async ({ db }) => {
  const { rows: over } = await sql<{ id: string; uses: number; allowed: number }>`
    select g.id, count(*)::int as uses, g.max_uses as allowed from grants g join jobs j on j.grant_id = g.id
    where j.state <> 'failed' group by g.id having count(*) > g.max_uses`.execute(db);
  const { rows: under } = await sql<{ id: string; job: string }>`
    select g.id, j.id as job from grants g join jobs j on j.grant_id = g.id where g.revoked and j.state in ('queued', 'running')`.execute(db);
  const { rows: unsaid } = await sql<{ id: string }>`
    select id from grants g where revoked <> exists (select from revocations r where r.grant_id = g.id)`.execute(db);
  return [
    ...over.map(({ id, uses, allowed }): Finding => ({ check: "grants", kind: "duplicated", subject: id, says: `the grant allows ${allowed} uses and has ${uses}` })),
    ...under.map(({ id, job }): Finding => ({ check: "grants", kind: "contradictory", subject: id, says: `the grant is revoked and job ${job} goes on under it` })),
    ...unsaid.map(({ id }): Finding => ({ check: "grants", kind: "contradictory", subject: id, says: "the grant's mark and its signed revocation disagree" })),
  ];
};
