import { sql, type UpdateObject } from "kysely";
import { isLive, type OpenJournal, type Reserved, type Transaction, type TransactionJournal, type Version } from "../../chain/transactions/journal.js";
import { ensure } from "../../protocol/errors.js";
import { transact } from "../store/transact.js";
import type { ChainTransactionRow, Db, Schema } from "../store/schema.js";
import { stepOf } from "../trace/machine.js";
import { recordSteps } from "../trace/record.js";
import { hashesOf, HOLD_SECONDS, laterBy, readTransaction, selectTransactions, versionColumns } from "./rows.js";
import { subjectOf, TRANSACTION_MACHINE, type NonceEvent, type NonceState } from "./transitions.js";

type Change = UpdateObject<Schema, "chain_transactions">;

const LIVE = ["signed", "sent"] as const;
const TAKEN_AT_ONCE = 100;
const FILLED_AT_ONCE = 20;
/** More foreign transactions than this at once are no use of the key, but a node that is wrong. */
const MAX_SKIPPED = 1000;
/** Gaps are looked for this far below where the journal began: a reorganisation reaches no deeper. */
const BELOW_FIRST = 64;

/** The journal that all replicas over one store share. */
export const storedJournal = (db: Db): OpenJournal => (account) => new StoredJournal(db, account);

class StoredJournal implements TransactionJournal {
  readonly #db: Db;
  readonly #account: string;

  constructor(db: Db, account: string) {
    this.#db = db;
    this.#account = account;
  }

  async reserve(digest: string, pending: () => Promise<number>, sign: (nonce: number) => Promise<Version>): Promise<Reserved> {
    // Asked before the lock: a node may take seconds to answer, and PGlite has one connection.
    const said = await pending();
    return transact(this.#db, async (trx): Promise<Reserved> => {
      const next = await this.#lockAccount(trx, said);
      const same = await this.#live(trx).where("digest", "=", digest).executeTakeFirst();
      if (same !== undefined) return { transaction: readTransaction(same), fresh: false };
      await this.#skip(trx, next, said);
      const nonce = Math.max(next, said);
      const version = await sign(nonce);
      await trx.insertInto("chain_transactions")
        .values({ account: this.#account, nonce: BigInt(nonce), digest, hashes: JSON.stringify([version.hash]), ...versionColumns(version) }).execute();
      await trx.updateTable("chain_accounts").set({ next_nonce: BigInt(nonce) + 1n }).where("account", "=", this.#account).execute();
      await this.#record(trx, nonce, "sign", "unused", "signed", version.hash);
      return { transaction: await this.#view(trx, nonce), fresh: true };
    });
  }

  find = async (digest: string): Promise<Transaction | undefined> => {
    const row = await this.#live(this.#db).where("digest", "=", digest).executeTakeFirst();
    return row === undefined ? undefined : readTransaction(row);
  };

  read = async (nonce: number): Promise<Transaction | undefined> => {
    const row = await this.#row(this.#db, nonce).executeTakeFirst();
    return row === undefined ? undefined : readTransaction(row);
  };

  take(): Promise<readonly Transaction[]> {
    return transact(this.#db, async (trx) => {
      const rows = await this.#live(trx).where("due_at", "<=", sql<Date>`now()`).orderBy("nonce").limit(TAKEN_AT_ONCE).forUpdate().skipLocked().execute();
      if (rows.length > 0) {
        await trx.updateTable("chain_transactions").set({ due_at: laterBy(HOLD_SECONDS) })
          .where("account", "=", this.#account).where("nonce", "in", rows.map((row) => row.nonce)).execute();
      }
      return rows.map(readTransaction);
    });
  }

  lowest = async (): Promise<number | undefined> => {
    const row = await this.#live(this.#db).orderBy("nonce").limit(1).executeTakeFirst();
    return row === undefined ? undefined : Number(row.nonce);
  };

  replace({ nonce, hashes }: Transaction, version: Version, becomes: "bump" | "fill"): Promise<Transaction | undefined> {
    return transact(this.#db, async (trx, again) => {
      const row = await this.#lock(trx, nonce);
      if (row === undefined || !isLive(row)) return undefined;
      const known = hashesOf(row);
      if (again && known.at(-1) === version.hash) return this.#view(trx, nonce);
      if (known.length !== hashes.length) return undefined;
      const filler = becomes === "fill" || row.fillers > 0;
      await this.#advance(trx, row, becomes, {
        ...versionColumns(version), hashes: JSON.stringify([...known, version.hash]),
        ...(filler ? { fillers: row.fillers + 1, digest: null } : {}),
      }, version.hash);
      return this.#view(trx, nonce);
    });
  }

  sent = ({ nonce, hashes }: Transaction): Promise<void> => this.#change(nonce, async (trx, row) => {
    if (hashesOf(row).length !== hashes.length || !isLive(row)) return;
    if (!(await this.#advance(trx, row, "send", { state: "sent", sent_at: sql<Date>`now()`, signed_at: sql<Date>`now()` }))) await this.#set(trx, nonce, { sent_at: sql<Date>`now()` });
  });

  tried = ({ nonce }: Transaction): Promise<void> => this.#set(this.#db, nonce, { sent_at: sql<Date>`now()` });

  mined = ({ nonce }: Transaction, { hash, block }: { hash: string; block: number }): Promise<void> => this.#change(nonce, async (trx, row) => {
    if (!hashesOf(row).includes(hash)) return;
    await this.#advance(trx, row, "mine", { state: "mined", mined_hash: hash, mined_block: BigInt(block), unseen_at: null }, hash);
  });

  unseen = ({ nonce }: Transaction): Promise<void> => this.#set(this.#db, nonce, { unseen_at: sql<Date>`coalesce(unseen_at, now())` });

  foreign = ({ nonce }: Transaction): Promise<void> => this.#change(nonce, async (trx, row) => {
    await this.#advance(trx, row, "foreign", { state: "foreign" });
  });

  capped = async ({ nonce }: Transaction): Promise<boolean> => {
    const set = await this.#db.updateTable("chain_transactions").set({ capped: true })
      .where("account", "=", this.#account).where("nonce", "=", BigInt(nonce)).where("capped", "=", false).executeTakeFirst();
    return set.numUpdatedRows > 0n;
  };

  unused = async (from: number): Promise<readonly Transaction[]> =>
    (await this.#mine(this.#db).where("state", "=", "mined").where("nonce", ">=", BigInt(from)).where("raw", "is not", null)
      .orderBy("nonce").limit(TAKEN_AT_ONCE).execute()).map(readTransaction);

  back({ nonce, minedHash }: Transaction): Promise<Transaction | undefined> {
    return transact(this.#db, async (trx, again) => {
      const row = await this.#lock(trx, nonce);
      if (again && row?.state === "sent") return this.#view(trx, nonce);
      if (row === undefined || row.mined_hash !== (minedHash ?? null)) return undefined;
      const set = { state: "sent" as const, mined_hash: null, mined_block: null, sent_at: sql<Date>`now()`, unseen_at: null, due_at: laterBy(HOLD_SECONDS) };
      return (await this.#advance(trx, row, "back", set)) ? this.#view(trx, nonce) : undefined;
    });
  }

  async gaps(from: number): Promise<readonly number[]> {
    const { rows } = await sql<{ nonce: bigint }>`
      select n as nonce from chain_accounts a, generate_series(greatest(${from}::bigint, a.first_nonce - ${BELOW_FIRST}::bigint), a.next_nonce - 1) n
      where a.account = ${this.#account} and not exists (select from chain_transactions t where t.account = a.account and t.nonce = n
        and (t.state in ('signed', 'sent') or (t.state = 'mined' and t.raw is not null)))
      order by n limit ${FILLED_AT_ONCE}`.execute(this.#db);
    return rows.map((row) => Number(row.nonce));
  }

  fill(nonce: number, version: Version): Promise<Transaction | undefined> {
    return transact(this.#db, async (trx, again) => {
      const account = await trx.selectFrom("chain_accounts").selectAll().where("account", "=", this.#account).forUpdate().executeTakeFirst();
      const row = await this.#lock(trx, nonce);
      if (again && row !== undefined && hashesOf(row).at(-1) === version.hash) return this.#view(trx, nonce);
      if (account === undefined || (row !== undefined && (isLive(row) || (row.state === "mined" && row.raw !== null)))) return undefined;
      if (row === undefined) {
        await trx.insertInto("chain_transactions")
          .values({ account: this.#account, nonce: BigInt(nonce), digest: null, hashes: JSON.stringify([version.hash]), fillers: 1, ...versionColumns(version) }).execute();
        await this.#record(trx, nonce, "fill", "unused", "signed", version.hash);
      } else {
        await this.#advance(trx, row, "fill", {
          ...versionColumns(version), digest: null, hashes: JSON.stringify([...hashesOf(row), version.hash]), fillers: row.fillers + 1,
        }, version.hash);
      }
      if (BigInt(nonce) < account.first_nonce) await trx.updateTable("chain_accounts").set({ first_nonce: BigInt(nonce) }).where("account", "=", this.#account).execute();
      return this.#view(trx, nonce);
    });
  }

  /** The account's next nonce, under the lock that gives it out. An account that is new begins where its node says. */
  async #lockAccount(trx: Db, said: number): Promise<number> {
    await trx.insertInto("chain_accounts").values({ account: this.#account, first_nonce: BigInt(said), next_nonce: BigInt(said) })
      .onConflict((c) => c.column("account").doNothing()).execute();
    const row = await trx.selectFrom("chain_accounts").select("next_nonce").where("account", "=", this.#account).forUpdate().executeTakeFirstOrThrow();
    return Number(row.next_nonce);
  }

  /** Nonces that somebody else used with the account's key. */
  async #skip(trx: Db, next: number, said: number): Promise<void> {
    if (said <= next) return;
    ensure(said - next <= MAX_SKIPPED, "chain_unavailable", "the node counts far more transactions of the account than were sent from here", { known: next, said });
    for (let nonce = next; nonce < said; nonce++) {
      await trx.insertInto("chain_transactions").values({ account: this.#account, nonce: BigInt(nonce), state: "foreign", digest: null, hashes: "[]" }).execute();
      await this.#record(trx, nonce, "skip", "unused", "foreign", null);
    }
  }

  /** Applies an event to a locked row and records it; false when it changes nothing in that state. */
  async #advance(trx: Db, row: ChainTransactionRow, event: NonceEvent, set: Change, detail: string | null = null): Promise<boolean> {
    const to = stepOf(TRANSACTION_MACHINE, row.state, event);
    if (to === undefined) return false;
    await this.#record(trx, Number(row.nonce), event, row.state, to, detail);
    await this.#set(trx, Number(row.nonce), set);
    return true;
  }

  #record(trx: Db, nonce: number, event: NonceEvent, from: NonceState, to: NonceState, detail: string | null): Promise<void> {
    return recordSteps(trx, "transaction", [{ subject: subjectOf(this.#account, nonce), event, from, to, detail }]);
  }

  #change(nonce: number, change: (trx: Db, row: ChainTransactionRow) => Promise<void>): Promise<void> {
    return transact(this.#db, async (trx) => {
      const row = await this.#lock(trx, nonce);
      if (row !== undefined) await change(trx, row);
    });
  }

  #lock = (trx: Db, nonce: number): Promise<ChainTransactionRow | undefined> => this.#row(trx, nonce).forUpdate().executeTakeFirst();
  #view = async (trx: Db, nonce: number): Promise<Transaction> => readTransaction(await this.#row(trx, nonce).executeTakeFirstOrThrow());
  #set = async (db: Db, nonce: number, set: Change): Promise<void> => {
    await db.updateTable("chain_transactions").set(set).where("account", "=", this.#account).where("nonce", "=", BigInt(nonce)).execute();
  };
  #mine = (db: Db) => selectTransactions(db).where("account", "=", this.#account);
  #row = (db: Db, nonce: number) => this.#mine(db).where("nonce", "=", BigInt(nonce));
  #live = (db: Db) => this.#mine(db).where("state", "in", LIVE);
}
