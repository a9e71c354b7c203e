import { randomBytes } from "node:crypto";
import { sql, type RawBuilder } from "kysely";
import { z } from "zod";
import { sha256 } from "../../protocol/hash.js";
import { toHex, utf8 } from "../../protocol/bytes.js";
import { ANCHORS } from "../../protocol/objects/parts.js";
import type { Mined } from "../chain-port.js";
import { dueDeed } from "../queries/due-deed.js";
import type { Db, OutboxRow } from "../store/schema.js";
import { transact } from "../store/transact.js";
import { advanceSends } from "./advance.js";

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

/** One deed to be done on the ledger; `subject` is the row it is about. */
const sendSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("insert_leaf"), subject: hex(32), authority: hex(20), signature: hex(65) }),
  z.strictObject({ kind: z.literal("revoke_leaf"), subject: hex(32), signature: hex(65) }),
  z.strictObject({ kind: z.literal("insert_proved_leaf"), subject: hex(32), proof: hex(32), authority: hex(20), signature: hex(65) }),
  z.strictObject({ kind: z.literal("revoke_proved_leaf"), subject: hex(32), signature: hex(65) }),
  z.strictObject({ kind: z.literal("register_model"), subject: hex(32), commitment: hex(32) }),
  z.strictObject({ kind: z.literal("register_worker"), subject: hex(32), account: hex(20), evidenceDigest: hex(32), notAfter: z.int(), anchor: z.enum(ANCHORS) }),
  z.strictObject({ kind: z.literal("submit_receipt"), subject: hex(32), attempt: z.int().positive() }),
]);
export type Send = z.infer<typeof sendSchema>;
export type SendOf<K extends Send["kind"]> = Extract<Send, { kind: K }>;

/** How long a sender keeps a row to itself; a sender that died has its rows taken up again after that. */
const HOLD_SECONDS = 60;
const MAX_PAUSE_SECONDS = 30;

/**
 * Plans a deed, in the transaction of the change that wants it. The same deed twice is planned once; one that the ledger
 * refused is tried again, for the reason may be gone.
 */
export async function enqueueSend(trx: Db, send: Send): Promise<void> {
  const payload = JSON.stringify(send);
  const dedupe = toHex(sha256(utf8(payload)));
  const planned = await trx.insertInto("outbox").values({ kind: send.kind, subject: send.subject, dedupe, payload, due_at: sql<Date>`now()` })
    .onConflict((c) => c.column("dedupe").doNothing()).returning("seq").executeTakeFirst();
  if (planned !== undefined) return;
  const { seq } = await trx.selectFrom("outbox").select("seq").where("dedupe", "=", dedupe).executeTakeFirstOrThrow();
  await advanceSends(trx, [seq], "again", { state: "pending", tries: 0, error_code: null, due_at: sql<Date>`now()` });
}

/** The deed of a job's receipt, and how it is marked, for a statement that finds the attempt by itself: as enqueueSend plans it. */
export function plannedReceipt(job: string) {
  const deed = { kind: "submit_receipt", subject: job, attempt: 1 } satisfies Send;
  const [before, after] = JSON.stringify(deed).split('"attempt":1') as [string, string];
  return {
    kind: deed.kind,
    payload: (attempt: RawBuilder<unknown>) => sql`${`${before}"attempt":`}::text || ${attempt} || ${after}::text`,
    dedupe: (payload: RawBuilder<unknown>) => sql`encode(sha256(convert_to(${payload}, 'UTF8')), 'hex')`,
  };
}

/** A deed that is done alone; receipts go in batches. */
export type Deed = Exclude<Send, SendOf<"submit_receipt">>;

export const readSend = (row: OutboxRow): Send => sendSchema.parse(JSON.parse(row.payload));

/** Takes the next deed that is due, receipts apart. It is held for a while rather than locked: a send takes seconds, and PGlite has one connection. */
export function takeSend(db: Db): Promise<OutboxRow | undefined> {
  const holder = newHolder();
  return transact(db, async (trx, again) => {
    const held = again ? await heldBy(trx, holder) : [];
    if (held.length > 0) return held[0];
    const { rows: [row] } = await dueDeed().execute(trx);
    if (row === undefined) return undefined;
    return (await holdSends(trx, [row.seq], holder))[0];
  });
}

/** Names one taking of deeds: by it they are found again when the COMMIT was not answered. */
export const newHolder = (): string => randomBytes(16).toString("hex");
export const heldBy = (trx: Db, holder: string): Promise<readonly OutboxRow[]> =>
  trx.selectFrom("outbox").selectAll().where("state", "=", "pending").where("holder", "=", holder).orderBy("seq").execute();

/** Keeps deeds whose rows the transaction has locked to their sender for a while. */
export const holdSends = (trx: Db, seqs: readonly bigint[], holder: string): Promise<readonly OutboxRow[]> =>
  advanceSends(trx, seqs, "take", {
    tries: sql<number>`tries + 1`, error_code: null, due_at: sql<Date>`now() + make_interval(secs => ${HOLD_SECONDS})`, holder,
  });

/** Marks a deed settled. False when another sender settled it first: its effects are then applied already. */
export async function settleSend(trx: Db, row: OutboxRow, outcome: Mined | { readonly refused: string }): Promise<boolean> {
  const settled = "refused" in outcome
    ? await advanceSends(trx, [row.seq], "refuse", { state: "refused", error_code: outcome.refused })
    : await advanceSends(trx, [row.seq], "done", { state: "done", error_code: null, ...placeColumns(outcome) });
  return settled.length === 1;
}

export const placeColumns = ({ txHash, blockNumber, blockHash }: Mined) =>
  ({ tx_hash: txHash, block_number: BigInt(blockNumber), block_hash: blockHash, final: false });

export async function postponeSend(db: Db, row: OutboxRow, code: string): Promise<void> {
  const pause = Math.min(MAX_PAUSE_SECONDS, 0.25 * 2 ** Math.min(row.tries, 10));
  await transact(db, (trx) =>
    advanceSends(trx, [row.seq], "postpone", { error_code: code, due_at: sql<Date>`now() + make_interval(secs => ${pause})` }));
}
