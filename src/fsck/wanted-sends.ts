import type { Db, OutboxKind } from "../coordinator/store/schema.js";
import type { Send } from "../coordinator/outbox/queue.js";
import { toHex } from "../protocol/bytes.js";
import { workerEntry } from "./worker-entry.js";

/** A deed that the store's own state waits for. */
export interface Wanted {
  readonly kind: OutboxKind;
  readonly subject: string;
  /** The deed itself, where the store has all of it; an owner's signature is in the outbox alone. */
  readonly send?: Send;
  /** A refusal leaves the wish standing: nothing else would be said about it. */
  readonly mayBeRefused?: boolean;
}

export async function wantedSends(db: Db): Promise<readonly Wanted[]> {
  return [...(await ofLeaves(db, "leaves", "leaf")), ...(await ofLeaves(db, "proved_leaves", "proved_leaf")), ...(await ofModels(db)), ...(await ofWorkers(db)), ...(await ofJobs(db))];
}

async function ofLeaves(db: Db, table: "leaves" | "proved_leaves", noun: "leaf" | "proved_leaf"): Promise<Wanted[]> {
  const rows = await db.selectFrom(table).select(["leaf", "state", "revoke_requested"]).execute();
  return rows.flatMap(({ leaf, state, revoke_requested: revoke }): Wanted[] => [
    ...(state === "pending" ? [{ kind: `insert_${noun}` as const, subject: leaf }] : []),
    ...(revoke && state !== "revoked" ? [{ kind: `revoke_${noun}` as const, subject: leaf }] : []),
  ]);
}

async function ofModels(db: Db): Promise<Wanted[]> {
  const rows = await db.selectFrom("models").select(["id", "commitment"]).where("anchored", "=", false).execute();
  return rows.map(({ id, commitment }) => ({ kind: "register_model", subject: id, send: { kind: "register_model", subject: id, commitment }, mayBeRefused: true }));
}

async function ofWorkers(db: Db): Promise<Wanted[]> {
  const rows = await db.selectFrom("workers").selectAll().where("state", "=", "pending").execute();
  return rows.flatMap((row): Wanted[] => {
    try {
      const { evidenceDigest, ...entry } = workerEntry(row);
      const send = { kind: "register_worker" as const, subject: row.signing_key, ...entry, evidenceDigest: toHex(evidenceDigest) };
      return [{ kind: "register_worker", subject: row.signing_key, send }];
    } catch {
      // checks/workers.ts says so.
      return [];
    }
  });
}

async function ofJobs(db: Db): Promise<Wanted[]> {
  const rows = await db.selectFrom("jobs").select(["id", "attempt"]).where("state", "=", "anchoring").execute();
  return rows.map(({ id, attempt }) => ({ kind: "submit_receipt", subject: id, send: { kind: "submit_receipt", subject: id, attempt } }));
}
