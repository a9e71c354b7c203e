import { sql } from "kysely";
import { toHex0x, type Hex } from "../../chain/encode.js";
import type { Transaction, Version } from "../../chain/transactions/journal.js";
import { fromHex, type Bytes } from "../../protocol/bytes.js";
import type { ChainTransactionRow, Db } from "../store/schema.js";

const secondsSince = (column: string) => sql<number>`coalesce(extract(epoch from now() - ${sql.ref(column)}), 0)::float8`;

/** Rows with the ages that a journal tells, by the database's clock. */
export const selectTransactions = (db: Db) => db.selectFrom("chain_transactions").selectAll()
  .select([secondsSince("signed_at").as("age"), secondsSince("sent_at").as("quiet"), secondsSince("unseen_at").as("unseen")]);
type AgedRow = ChainTransactionRow & { readonly age: number; readonly quiet: number; readonly unseen: number };

export const readTransaction = (row: AgedRow): Transaction => ({
  nonce: Number(row.nonce), state: row.state, digest: row.digest ?? undefined, hashes: hashesOf(row), fillers: row.fillers,
  version: versionOf(row), capped: row.capped, minedHash: row.mined_hash ?? undefined,
  ageSeconds: row.age, quietSeconds: row.quiet, unseenSeconds: row.unseen,
});

export const hashesOf = ({ hashes }: Pick<ChainTransactionRow, "hashes">): readonly string[] => JSON.parse(hashes) as string[];

function versionOf(row: ChainTransactionRow): Version | undefined {
  const { raw, max_fee: maxFee, tip, fee_cap: cap, height } = row;
  if (raw === null || maxFee === null || cap === null || height === null) return undefined;
  return { hash: hashesOf(row).at(-1) ?? "", raw: toHex0x(raw), fees: { maxFee, tip: tip ?? undefined }, cap, height: Number(height) };
}

/** The columns that hold the newest version, and what begins with it. */
export const versionColumns = ({ raw, fees, cap, height }: Version) => ({
  raw: bytesOf(raw), max_fee: fees.maxFee, tip: fees.tip ?? null, fee_cap: cap, height: BigInt(height),
  state: "signed" as const, capped: false, mined_hash: null, mined_block: null,
  signed_at: sql<Date>`now()`, sent_at: sql<Date>`now()`, unseen_at: null, due_at: laterBy(HOLD_SECONDS),
});

const bytesOf = (raw: Hex): Bytes => fromHex(raw.slice(2));

/** How long whoever has taken a transaction looks after it alone. */
export const HOLD_SECONDS = 2;
export const laterBy = (seconds: number) => sql<Date>`now() + make_interval(secs => ${seconds})`;
