// Replicas that send from one account over one store, on a chain whose blocks, fees and pool the test decides.
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { LedgerAccount } from "../../../src/chain/account.js";
import { connect, type ChainClient } from "../../../src/chain/client.js";
import { rpc } from "../../../src/chain/rpc.js";
import { senderOf } from "../../../src/chain/sender.js";
import type { KeeperEvent } from "../../../src/chain/transactions/keeper.js";
import type { SendingRules } from "../../../src/chain/transactions/pace.js";
import { Bells } from "../../../src/coordinator/bells.js";
import { evmChain } from "../../../src/coordinator/chain-adapter.js";
import { createLog } from "../../../src/coordinator/log.js";
import { enqueueSend } from "../../../src/coordinator/outbox/queue.js";
import { runSender } from "../../../src/coordinator/outbox/sender.js";
import { DEFAULT_LIMITS } from "../../../src/coordinator/queue/limits.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { openPostgres } from "../../../src/coordinator/store/open-postgres.js";
import { runTransactions } from "../../../src/coordinator/transactions/run-transactions.js";
import { transact } from "../../../src/coordinator/store/transact.js";
import { storedJournal } from "../../../src/coordinator/transactions/stored-journal.js";
import { fsck } from "../../../src/fsck/fsck.js";
import type { Finding } from "../../../src/fsck/finding.js";
import type { Bytes } from "../../../src/protocol/bytes.js";
import { ledgerAddress } from "../../../src/protocol/ledger-digest.js";
import { keyFrom, type World } from "../../contracts/harness/world.js";
import type { TestStore } from "../../coordinator/harness/database.js";
import { randomField, until } from "../../coordinator/harness/parties.js";
import { LogSink } from "../../coordinator/harness/service.js";

export const GWEI = 10n ** 9n;
/** Seconds where an operator's are 45, 10 and 5. */
export const QUICK: SendingRules = { maxFeePerGas: 100n * GWEI, feeBumpSeconds: 1, resendSeconds: 1, foreignSeconds: 1 };

const hex = (n: bigint | number): string => `0x${n.toString(16)}`;

/** A transaction of a block, as the node tells it. */
interface MinedTx { readonly from: string; readonly to: string | null; readonly input: string; readonly hash: string; readonly maxFeePerGas?: string; readonly gasPrice: string; readonly nonce: string }

/** The chain's weather: no block but when the test says so, and with the base fee it says. */
export class Weather {
  readonly #url: string;
  baseFee = GWEI;

  constructor(url: string) {
    this.#url = url;
  }

  call = (method: string, ...params: unknown[]): Promise<unknown> => rpc(this.#url, method, params);
  still = async (): Promise<void> => void (await this.call("evm_setAutomine", false));
  calm = async (): Promise<void> => {
    this.baseFee = GWEI;
    await this.#setBase();
    await this.call("evm_setAutomine", true);
    await this.call("anvil_mine", "0x1");
  };

  async block(): Promise<void> {
    await this.#setBase();
    await this.call("anvil_mine", "0x1");
  }

  #setBase = (): Promise<unknown> => this.call("anvil_setNextBlockBaseFeePerGas", hex(this.baseFee));

  /** Blocks one after another until the signal aborts; `act` may do something before each. */
  async blocks(everyMs: number, signal: AbortSignal, act: (n: number) => Promise<void> | void = () => undefined): Promise<void> {
    for (let n = 0; !signal.aborted; n++) {
      await act(n);
      await this.block();
      await sleep(everyMs);
    }
  }

  /** Hashes in the pool, those that wait for a lower nonce too. */
  async pool(): Promise<readonly string[]> {
    const { pending, queued } = await this.call("txpool_content") as Record<"pending" | "queued", Record<string, Record<string, { hash: string }>>>;
    return [pending, queued].flatMap((part) => Object.values(part).flatMap((byNonce) => Object.values(byNonce).map((tx) => tx.hash)));
  }

  drop = (hash: string): Promise<unknown> => this.call("anvil_dropTransaction", hash);

  /** Every transaction of an account that is in a block and succeeded. */
  async minedBy(account: string): Promise<readonly MinedTx[]> {
    const height = Number(await this.call("eth_blockNumber"));
    const found: MinedTx[] = [];
    for (let n = 0; n <= height; n++) {
      const { transactions } = await this.call("eth_getBlockByNumber", hex(n), true) as { transactions: MinedTx[] };
      found.push(...transactions.filter((tx) => tx.from.toLowerCase() === `0x${account}`));
    }
    return found;
  }
}

export interface Anchor { readonly id: string; readonly commitment: string }

/** One account, its store, and as many replicas as wanted. */
export class Senders {
  readonly world: World;
  readonly store: TestStore;
  readonly weather: Weather;
  readonly key: Bytes;
  readonly account: string;
  readonly rules: SendingRules;
  readonly events: { readonly kind: KeeperEvent; readonly nonce: number }[] = [];
  readonly log = new LogSink();
  readonly replicas: Replica[] = [];
  readonly anchors: Anchor[] = [];

  private constructor(world: World, store: TestStore, rules: SendingRules) {
    this.world = world;
    this.store = store;
    this.rules = rules;
    this.weather = new Weather(world.chain.rpcUrl);
    this.key = keyFrom(world.rng);
    this.account = ledgerAddress(this.key);
  }

  /** The store stays its opener's. */
  static async open(world: World, store: TestStore, rules: SendingRules = QUICK): Promise<Senders> {
    const senders = new Senders(world, store, rules);
    await world.chain.fund(ledgerAddress(senders.key));
    return senders;
  }

  async start(): Promise<Replica> {
    const replica = await Replica.start(this);
    this.replicas.push(replica);
    return replica;
  }

  /** Plans models to be registered, each a deed of its own. */
  async plan(count: number): Promise<readonly Anchor[]> {
    const planned = Array.from({ length: count }, (): Anchor => ({ id: hex64(randomField()), commitment: hex64(randomField()) }));
    await transact(this.store.db, async (trx) => {
      for (const { id, commitment } of planned) {
        await trx.insertInto("models").values({ id, platform: "0".repeat(64), program: "p/1", commitment, envelope: Uint8Array.of(1) })
          .onConflict((c) => c.column("id").doNothing()).execute();
        await enqueueSend(trx, { kind: "register_model", subject: id, commitment });
      }
    });
    this.anchors.push(...planned);
    return planned;
  }

  done = async (): Promise<number> =>
    Number((await this.store.db.selectFrom("outbox").select((eb) => eb.fn.countAll<bigint>().as("n")).where("state", "=", "done").executeTakeFirstOrThrow()).n);
  allDone = (ms: number): Promise<void> => until(async () => await this.done() === this.anchors.length, ms);
  rows = () => this.store.db.selectFrom("chain_transactions").selectAll().orderBy("nonce").execute();
  live = async () => (await this.rows()).filter((row) => row.state === "signed" || row.state === "sent");
  /** What a dead process held is taken up at once instead of in a minute. */
  lapse = async (): Promise<void> => {
    await sql`update outbox set due_at = now() where state = 'pending'`.execute(this.store.db);
  };

  /** The longest that a deed took, in seconds, from its first try or its plan until it was settled. */
  async slowest(since: "first_try" | "planned_at" = "first_try"): Promise<number> {
    const { rows } = await sql<{ age: number }>`select coalesce(max(extract(epoch from e.at - o.${sql.ref(since)})), 0)::float8 as age from machine_events e
      join (select seq::text as seq, planned_at, (select min(at) from machine_events t where t.machine = 'send' and t.subject = outbox.seq::text and t.event = 'take') as first_try
        from outbox) o on o.seq = e.subject where e.machine = 'send' and e.event = 'done'`.execute(this.store.db);
    return rows[0]?.age ?? 0;
  }

  /** What the loops have still to notice is noticed within seconds. */
  settled = (): Promise<void> => until(async () => (await this.live()).length === 0, 60_000);

  /** What is wrong when all is over: in the store, on the chain, between the two. */
  async faults(): Promise<readonly (Finding | string)[]> {
    await this.settled().catch(() => undefined);
    const { store, weather, account, anchors, world, rules } = this;
    const { leaf, provedLeaf } = world.reader;
    const effects = evmChain(world.reader, world.sender);
    // As the command does: a service's patience with a transaction is not an operator's.
    const db = store.database.kind === "postgres" ? await openPostgres(store.database.url) : store.db;
    const found: (Finding | string)[] = [...await fsck({
      db, ledger: { leaf, provedLeaf, isModelRegistered: effects.isModelRegistered, isWorkerRegistered: effects.isWorkerRegistered, receipt: effects.receipt },
    })];
    if (db !== store.db) await db.destroy();
    const mined = await weather.minedBy(account);
    for (const { commitment } of anchors) {
      const times = mined.filter((tx) => tx.input.endsWith(commitment)).length;
      if (times !== 1) found.push(`${commitment} is on the chain ${times} times`);
    }
    const tooDear = mined.filter((tx) => BigInt(tx.maxFeePerGas ?? tx.gasPrice) > rules.maxFeePerGas);
    found.push(...tooDear.map((tx) => `${tx.hash} offers more than the cap`));
    if ((await this.live()).length > 0) found.push("something is still under way");
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    await this.weather.calm();
  }
}

const hex64 = (n: bigint): string => n.toString(16).padStart(64, "0");

/** The sending part of a coordinator: its outbox loop, its transaction loop, its account. */
export class Replica {
  readonly account: LedgerAccount;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #isDead = false;

  private constructor(account: LedgerAccount, loops: (signal: AbortSignal) => Promise<void>[]) {
    this.account = account;
    this.#loops = loops(this.#stopping.signal);
  }

  static async start(senders: Senders): Promise<Replica> {
    const { world, key, rules, store, log } = senders;
    const client = await connect({ rpcUrl: world.chain.rpcUrl, chainId: world.deployment.chainId });
    const holder: { replica?: Replica; dieAtSend: boolean } = { dieAtSend: false };
    const account = await LedgerAccount.open(mortal(client, () => holder.replica), key, {
      openJournal: storedJournal(store.db), rules, patienceMs: 45_000,
      told: (kind, nonce) => { senders.events.push({ kind, nonce }); },
    });
    const chain = evmChain(world.reader, senderOf(account, world.deployment));
    const parts = { db: store.db as Db, chain, bells: new Bells(50), log: createLog(log), limits: DEFAULT_LIMITS, blobs: { get: () => Promise.reject(new Error("no blobs")) } };
    const replica = new Replica(account, (signal) => [runSender(parts, signal), runTransactions({ ...parts, lookAfter: () => account.lookAfter() }, signal)]);
    holder.replica = replica;
    return replica;
  }

  /** Its next signed transaction is kept and never leaves: as if the process were killed between the two. */
  diesAtNextSend = false;
  get isDead(): boolean { return this.#isDead; }

  /** As a kill: nothing that is under way comes back, nothing begins. */
  die(): Promise<never> {
    this.#isDead = true;
    this.#stopping.abort();
    return new Promise<never>(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (!this.#isDead) await Promise.all(this.#loops);
  }
}

/** A client whose process can die between keeping a transaction and sending it. */
function mortal(client: ChainClient, replica: () => Replica | undefined): ChainClient {
  const { viem } = client;
  const sendRawTransaction: typeof viem.sendRawTransaction = (args) => {
    const own = replica();
    return own?.diesAtNextSend === true || own?.isDead === true ? own.die() : viem.sendRawTransaction(args);
  };
  return { ...client, viem: { ...viem, sendRawTransaction } };
}
