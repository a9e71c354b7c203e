import { isLive, type Reserved, type Transaction, type TransactionJournal, type TransactionState, type Version } from "./journal.js";

interface Entry { readonly transaction: Omit<Transaction, "ageSeconds" | "quietSeconds" | "unseenSeconds">; readonly signedAt: number; readonly sentAt: number; readonly unseenAt: number | undefined }

/**
 * The journal of a process that alone sends from an account, such as a command. It forgets what is settled: with nothing live
 * the node is right about the next nonce even when it says less, after a reorganisation or a restart of the development chain.
 */
export class MemoryJournal implements TransactionJournal {
  readonly #entries = new Map<number, Entry>();
  /** Settled ones, until whoever waits has read them. */
  readonly #settled = new Map<number, Transaction>();
  #next = 0;
  #turn: Promise<unknown> = Promise.resolve();

  reserve(digest: string, pending: () => Promise<number>, sign: (nonce: number) => Promise<Version>): Promise<Reserved> {
    const reserved = this.#turn.then(async (): Promise<Reserved> => {
      const same = await this.find(digest);
      if (same !== undefined) return { transaction: same, fresh: false };
      // Looked at before the node is asked: what is settled meanwhile may not be in its answer.
      const alone = this.#entries.size === 0;
      const said = await pending();
      const nonce = alone ? said : Math.max(said, this.#next);
      const entry = this.#keep(await sign(nonce), { nonce, digest, hashes: [], fillers: 0 });
      this.#next = nonce + 1;
      return { transaction: view(entry), fresh: true };
    });
    this.#turn = reserved.catch(() => undefined);
    return reserved;
  }

  find = async (digest: string): Promise<Transaction | undefined> => this.#live().find((t) => t.digest === digest);
  read = async (nonce: number): Promise<Transaction | undefined> => {
    const entry = this.#entries.get(nonce);
    return entry === undefined ? this.#settled.get(nonce) : view(entry);
  };
  take = async (): Promise<readonly Transaction[]> => this.#live();
  lowest = async (): Promise<number | undefined> => this.#live()[0]?.nonce;

  async replace(transaction: Transaction, version: Version, becomes: "bump" | "fill"): Promise<Transaction | undefined> {
    const entry = this.#current(transaction);
    if (entry === undefined) return undefined;
    const { nonce, digest, hashes, fillers } = entry.transaction;
    const filler = becomes === "fill" || fillers > 0;
    return view(this.#keep(version, { nonce, digest: becomes === "fill" ? undefined : digest, hashes, fillers: filler ? fillers + 1 : 0 }));
  }

  sent = async (transaction: Transaction): Promise<void> => {
    const isNews = this.#current(transaction)?.transaction.state === "signed";
    this.#change(transaction, { state: "sent" }, { sentAt: now(), ...(isNews ? { signedAt: now() } : {}) });
  };
  tried = async (transaction: Transaction): Promise<void> => { this.#change(transaction, {}, { sentAt: now() }); };
  mined = async (transaction: Transaction, { hash }: { hash: string }): Promise<void> => { this.#settle(transaction, "mined", hash); };
  foreign = async (transaction: Transaction): Promise<void> => { this.#settle(transaction, "foreign", undefined); };
  unseen = async (transaction: Transaction): Promise<void> => {
    this.#change(transaction, {}, { unseenAt: this.#entries.get(transaction.nonce)?.unseenAt ?? now() });
  };
  capped = async (transaction: Transaction): Promise<boolean> => {
    const news = this.#current(transaction)?.transaction.capped === false;
    this.#change(transaction, { capped: true }, {});
    return news;
  };

  unused = async (): Promise<readonly Transaction[]> => [];
  back = async (): Promise<undefined> => undefined;
  gaps = async (from: number): Promise<readonly number[]> =>
    (this.#entries.size === 0 ? [] : Array.from({ length: Math.max(0, this.#next - from) }, (_, i) => from + i).filter((nonce) => !this.#entries.has(nonce)));
  fill = async (nonce: number, version: Version): Promise<Transaction | undefined> =>
    (this.#entries.has(nonce) ? undefined : view(this.#keep(version, { nonce, digest: undefined, hashes: [], fillers: 1 })));

  #live = (): Transaction[] => [...this.#entries.values()].map(view).sort((a, b) => a.nonce - b.nonce);

  #keep(version: Version, of: Pick<Transaction, "nonce" | "digest" | "hashes" | "fillers">): Entry {
    const transaction = { ...of, state: "signed" as const, hashes: [...of.hashes, version.hash], version, capped: false, minedHash: undefined };
    const entry = { transaction, signedAt: now(), sentAt: now(), unseenAt: undefined };
    this.#entries.set(of.nonce, entry);
    return entry;
  }

  /** The entry, unless it has changed since. */
  #current({ nonce, hashes }: Transaction): Entry | undefined {
    const entry = this.#entries.get(nonce);
    return entry !== undefined && entry.transaction.hashes.length === hashes.length && isLive(entry.transaction) ? entry : undefined;
  }

  #change(transaction: Transaction, change: Partial<Entry["transaction"]>, times: Partial<Omit<Entry, "transaction">>): void {
    const entry = this.#current(transaction);
    if (entry !== undefined) this.#entries.set(transaction.nonce, { ...entry, ...times, transaction: { ...entry.transaction, ...change } });
  }

  #settle({ nonce }: Transaction, state: TransactionState, minedHash: string | undefined): void {
    const entry = this.#entries.get(nonce);
    if (entry === undefined) return;
    this.#entries.delete(nonce);
    this.#settled.set(nonce, { ...view(entry), state, minedHash });
    const oldest = this.#settled.keys().next().value;
    if (this.#settled.size > KEPT && oldest !== undefined) this.#settled.delete(oldest);
  }
}

const KEPT = 64;
const now = (): number => performance.now();
const secondsSince = (at: number | undefined): number => (at === undefined ? 0 : (now() - at) / 1000);
const view = ({ transaction, signedAt, sentAt, unseenAt }: Entry): Transaction =>
  ({ ...transaction, ageSeconds: secondsSince(signedAt), quietSeconds: secondsSince(sentAt), unseenSeconds: secondsSince(unseenAt) });
