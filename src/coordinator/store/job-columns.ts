import { sql } from "kysely";
import type { JobTable } from "./schema.js";

/** By name, for prepared statements. */
const COLUMNS = Object.keys({
  id: 0, platform: 0, owner: 0, dataset: 0, model: 0, grant_id: 0, program: 0, leaf: 0, not_after: 0, envelope: 0,
  state: 0, attempt: 0, failures: 0, phase: 0, percent: 0, error_code: 0, error_reason: 0,
  lease_worker: 0, lease_token: 0, lease_expires_at: 0, available_at: 0, created_at: 0, updated_at: 0,
} satisfies Record<keyof JobTable, 0>);

/** All of a job's columns, of the table of that name; written out once, for they are asked for with every job. */
const written = (table: string) => sql.raw(COLUMNS.map((column) => `${table}.${column}`).join(", "));
export const JOB_COLUMNS = written("jobs");
export const LEASED_COLUMNS = written("leased");
