import { sql } from "kysely";
import type { JobRow } from "../store/schema.js";

/** A job, locked until the transaction ends. Whoever locks deeds too locks them before (lock-deeds.ts). Index: the primary key. */
export const lockJobRow = (id: string) => sql<JobRow>`select * from jobs where id = ${id} for update`;
