import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { openEndpoints } from "../src/chain/endpoints/open.js";
import { rpc } from "../src/chain/rpc.js";
import { openDevLedger, type DevLedger } from "../src/cli/roles/ledger.js";
import { Bells } from "../src/coordinator/bells.js";
import type { Log } from "../src/coordinator/log.js";
import { enqueueSend } from "../src/coordinator/outbox/queue.js";
import { runSender } from "../src/coordinator/outbox/sender.js";
import { DEFAULT_LIMITS } from "../src/coordinator/queue/limits.js";
import { openStore } from "../src/coordinator/store/open.js";
import type { Db } from "../src/coordinator/store/schema.js";
import { journalledChain } from "../src/coordinator/transactions/open-chain.js";
import { runTransactions } from "../src/coordinator/transactions/run-transactions.js";
import { transactionSettings } from "../src/coordinator/transactions/settings.js";
import { fieldFromDigest } from "../src/protocol/field.js";
import { fixed, type Figures } from "./figures.js";

const BACKLOG = 1000;
/** As on Ethereum. */
const BLOCK_SECONDS = 12;
const LIMIT_MS = 1_800_000;

const hex = (n: bigint): string => n.toString(16).padStart(64, "0");
const silent: Log = { write: () => undefined };

/**
 * How long a backlog takes once the chain is back after a day, with blocks of twelve seconds: models, which go one a transaction.
 * Receipts go sixteen a transaction, four at once, and are no slower.
 */
export async function benchOutage(say: (text: string) => void): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "veritee-bench-outage-"));
  const ledger = await openDevLedger(join(folder, "ledger"));
  const db = await openStore(join(folder, "store"), { kind: "pglite" });
  try {
    await plan(db);
    await rpc(ledger.rpcUrl, "evm_setAutomine", [false]);
    await rpc(ledger.rpcUrl, "evm_setIntervalMining", [BLOCK_SECONDS]);
    return { "time.outage.backlog1000": fixed(Number((await drained(db, ledger, say)).toPrecision(5)), "ms") };
  } finally {
    await db.destroy();
    await ledger.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a day of tries has left: due again within the longest pause. */
async function plan(db: Db): Promise<void> {
  for (let i = 0; i < BACKLOG; i++) {
    const [id, commitment] = [randomBytes(32).toString("hex"), hex(fieldFromDigest(Uint8Array.from(randomBytes(32))))];
    await db.insertInto("models").values({ id, platform: hex(5n), program: "p/1", commitment, envelope: Uint8Array.of(1) }).execute();
    await enqueueSend(db, { kind: "register_model", subject: id, commitment });
  }
  await sql`update outbox set planned_at = now() - interval '24 hours', tries = 2880, error_code = 'chain_unavailable', due_at = now() + random() * interval '30 seconds'`.execute(db);
}

async function drained(db: Db, { rpcUrl, deployment, registrarKey: privateKey }: DevLedger, say: (text: string) => void): Promise<number> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { chain, lookAfter } = await journalledChain({ rpcUrl, deployment, privateKey }, () => openEndpoints([rpcUrl], deployment))(
    { db, log: silent, transactions: transactionSettings.parse({}), stopping: signal });
  const parts = { db, chain, bells: new Bells(), log: silent, limits: DEFAULT_LIMITS, blobs: { get: () => Promise.reject(new Error("no blobs")) } };
  const loops = [runSender(parts, signal), runTransactions({ ...parts, lookAfter }, signal)];
  const start = performance.now();
  try {
    for (let left = BACKLOG; left > 0;) {
      await sleep(1000);
      const now = Number((await db.selectFrom("outbox").select((eb) => eb.fn.countAll<bigint>().as("n")).where("state", "=", "pending").executeTakeFirstOrThrow()).n);
      if (now !== left && now % 100 === 0) say(`  ${now} left`);
      if (performance.now() - start > LIMIT_MS) throw new Error(`${now} deeds are left after half an hour`);
      left = now;
    }
    return performance.now() - start;
  } finally {
    stopping.abort();
    await Promise.all(loops);
  }
}
