import { sql } from "kysely";
import type { Bytes } from "../../protocol/bytes.js";

/** The messages of a key request, locked until the transaction ends: the first of a kind stays. Index: the primary key. */
export const lockKeyRequest = (id: string) => sql<{ readonly challenge: Bytes | null; readonly evidence: Bytes | null; readonly reply: Bytes | null }>`
  select challenge, evidence, reply from key_requests where id = ${id} for update`;
