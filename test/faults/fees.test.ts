import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { LedgerAccount } from "../../src/chain/account.js";
import { connect } from "../../src/chain/client.js";
import { senderOf } from "../../src/chain/sender.js";
import type { SendingRules } from "../../src/chain/transactions/pace.js";
import { storedJournal } from "../../src/coordinator/transactions/stored-journal.js";
import { transactionGauges } from "../../src/coordinator/transactions/gauges.js";
import type { Field } from "../../src/protocol/field.js";
import { startWorld, type World } from "../contracts/harness/world.js";
import { emptyStore, openTestStore, type TestStore } from "../coordinator/harness/database.js";
import { describeOnEngines } from "../coordinator/harness/engines.js";
import { until } from "../coordinator/harness/parties.js";
import { newDraw } from "./harness/draw.js";
import { faultRuns } from "./harness/runs.js";
import { GWEI, QUICK, Senders, type Replica } from "./harness/senders.js";

// Promise (R11): fees may surge, pools may drop transactions, processes may die between signing and sending, others may use the
// key. Each deed is on the chain exactly once, none is stuck, and no transaction offers more than the cap. Anchors are models
// here, registered through the real outbox: what carries a deed to the chain does not depend on what it says.

const TIME_MS = 3600_000;
/** Between two drops, and between two deaths. */
const PAUSE_MS = 3000;
const draw = newDraw();
let w: World;
beforeAll(async () => { w = await startWorld("fees"); }, 60_000);
afterAll(() => w?.stop());

const opened: Senders[] = [];
const openOn = async (store: TestStore, rules?: SendingRules): Promise<Senders> => {
  const senders = await Senders.open(w, store, rules);
  opened.push(senders);
  return senders;
};
const close = async (): Promise<void> => { for (const s of opened.splice(0)) await s.close(); };

/** Blocks come while `act` runs. */
async function withBlocks<T>(s: Senders, act: () => Promise<T>, before?: (n: number) => Promise<void> | void): Promise<T> {
  const stop = new AbortController();
  const blocks = s.weather.blocks(40, stop.signal, before);
  try {
    // Without blocks nothing would ever happen: why they ended is the better answer.
    return await Promise.race([act(), blocks.then(() => new Promise<never>(() => undefined))]);
  } finally {
    stop.abort();
    await blocks;
  }
}
const count = (s: Senders, kind: string): number => s.events.filter((e) => e.kind === kind).length;

describe("the sender of one account", () => {
  let store: TestStore;
  beforeAll(async () => { store = await openTestStore(); });
  afterEach(async () => {
    await close();
    await emptyStore(store.db);
  });
  afterAll(() => store?.close());
  const open = (rules?: SendingRules): Promise<Senders> => openOn(store, rules);

  it("offers more under the same nonce when the base fee rises tenfold meanwhile, and never more than the cap", { timeout: TIME_MS }, async () => {
    const s = await open();
    await s.weather.still();
    for (let i = 0; i < 4; i++) await s.start();
    await s.plan(4);
    await until(async () => (await s.weather.pool()).length === 4, 30_000);
    s.weather.baseFee = 10n * GWEI;
    await withBlocks(s, () => s.allDone(60_000));
    const rows = await s.rows();
    expect(rows.map((row) => JSON.parse(row.hashes).length)).toSatisfy((n: number[]) => n.every((versions) => versions > 1));
    expect(new Set(rows.map((row) => row.nonce)).size).toBe(4);
    expect(await s.faults()).toEqual([]);
  });

  it("sends again what a pool dropped", { timeout: TIME_MS }, async () => {
    const s = await open();
    await s.weather.still();
    for (let i = 0; i < 3; i++) await s.start();
    await s.plan(3);
    await until(async () => (await s.weather.pool()).length === 3, 30_000);
    const dropped = await s.weather.pool();
    for (const hash of dropped) await s.weather.drop(hash);
    expect(await s.weather.pool()).toEqual([]);
    await until(async () => (await s.weather.pool()).length === 3, 30_000);
    await withBlocks(s, () => s.allDone(60_000));
    expect(count(s, "resend")).toBeGreaterThanOrEqual(3);
    expect(await s.faults()).toEqual([]);
  });

  it("leaves no gap when a process dies between keeping a transaction and sending it", { timeout: TIME_MS }, async () => {
    const s = await open();
    const [dying, other] = [await s.start(), await s.start()];
    dying.diesAtNextSend = true;
    await s.plan(8);
    await until(async () => dying.isDead, 30_000);
    await s.lapse();
    await s.allDone(60_000);
    expect(count(s, "resend")).toBeGreaterThan(0);
    expect((await s.rows()).map((row) => Number(row.nonce))).toEqual(Array.from({ length: 8 }, (_, i) => i));
    expect(other.isDead).toBe(false);
    expect(await s.faults()).toEqual([]);
  });

  it("waits at the cap, says so, and goes on when the chain asks for less", { timeout: TIME_MS }, async () => {
    const s = await open({ ...QUICK, maxFeePerGas: 5n * GWEI });
    await s.weather.still();
    await s.start();
    s.weather.baseFee = 20n * GWEI;
    await s.weather.block();
    await s.plan(1);
    await withBlocks(s, async () => {
      await until(async () => count(s, "cap") > 0, 30_000);
      const gauges = new Map((await transactionGauges(s.store.db)).map((g) => [g.name, g.samples.reduce((sum, x) => sum + x.value, 0)]));
      expect(gauges.get("veritee_chain_fee_capped")).toBe(1);
      expect(gauges.get("veritee_chain_transactions")).toBe(1);
      await sleep(2500);
      expect(await s.done()).toBe(0);
      s.weather.baseFee = 2n * GWEI;
      await s.allDone(60_000);
    });
    expect((await s.rows()).every((row) => row.max_fee !== null && row.max_fee <= 5n * GWEI)).toBe(true);
    expect(await s.faults()).toEqual([]);
  });

  it("takes a nonce for somebody else's when another transaction used it, and does the deed under a new one", { timeout: TIME_MS }, async () => {
    const s = await open();
    await s.weather.still();
    const replica = await s.start();
    await s.plan(1);
    await until(async () => (await s.weather.pool()).length === 1, 30_000);
    // The same key in another process, which offers more for the same nonce.
    for (const hash of await s.weather.pool()) await s.weather.drop(hash);
    const stranger = await LedgerAccount.open(await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId }), s.key);
    const theirs = senderOf(stranger, w.deployment).registerModel(w.rng.field());
    await until(async () => (await s.weather.pool()).length === 1, 30_000);
    await withBlocks(s, async () => {
      await theirs.catch(() => undefined);
      await s.allDone(60_000);
    });
    expect(replica.isDead).toBe(false);
    const rows = await s.rows();
    expect(rows.map((row) => row.state)).toEqual(["foreign", "mined"]);
    expect(count(s, "foreign")).toBe(1);
    expect(await s.faults()).toEqual([]);
  });

  it("sends again what a reorganisation took back, under the same nonces", { timeout: TIME_MS }, async () => {
    const s = await open();
    await s.start();
    await s.plan(2);
    await s.allDone(30_000);
    const fork = await s.weather.call("evm_snapshot");
    await s.plan(3);
    await s.allDone(30_000);
    const before = await s.rows();
    await s.weather.call("evm_revert", fork);
    // Whoever wants one of them anew waits for what goes again by itself.
    const { commitment } = s.anchors.at(-1) as { commitment: string };
    const again = await senderOf((s.replicas[0] as Replica).account, w.deployment).registerModel(BigInt(`0x${commitment}`) as Field);
    expect(again.txHash).toBe(before.find((row) => row.mined_hash === again.txHash)?.mined_hash);
    // The account is looked at by itself every 15 s.
    await until(async () => count(s, "back") === 3 && (await s.live()).length === 0, 60_000);
    expect((await s.rows()).map((row) => row.mined_hash)).toEqual(before.map((row) => row.mined_hash));
    expect(await s.faults()).toEqual([]);
  });

  it("uses a nonce up that a stranger's vanished transaction left free", { timeout: TIME_MS }, async () => {
    const s = await open();
    await s.weather.still();
    const stranger = await LedgerAccount.open(await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId }), s.key);
    const journal = storedJournal(s.store.db)(`eip155:${w.deployment.chainId}:${s.account}`);
    await journal.reserve("ab".repeat(32), () => Promise.resolve(0), () => Promise.reject(new Error("not signed"))).catch(() => undefined);
    // The account is known from nonce 0; then a stranger's transaction waits under it, and vanishes.
    const replica = await s.start();
    const theirs = senderOf(stranger, w.deployment).registerModel(w.rng.field()).catch(() => undefined);
    await until(async () => (await s.weather.pool()).length === 1, 30_000);
    const [hash] = await s.weather.pool() as readonly [string];
    await s.plan(1);
    await until(async () => (await s.weather.pool()).length === 2, 30_000);
    void replica;
    await s.weather.drop(hash);
    await withBlocks(s, () => s.allDone(60_000));
    await theirs;
    expect(await s.faults()).toEqual([]);
  });
});

describeOnEngines("a thousand deeds in bad weather", (freshDatabase) => {
  let store: TestStore;
  beforeAll(async () => { store = await openTestStore(await freshDatabase()); });
  afterAll(async () => {
    await close();
    await store?.close();
  });

  it(`are on the chain exactly once each (seed ${draw.seed}) (R11)`, { timeout: TIME_MS }, async () => {
    const total = faultRuns(1000, store.database.kind === "postgres" ? 20 : 100);
    const s = await openOn(store, { ...QUICK, maxFeePerGas: 40n * GWEI });
    await s.weather.still();
    const alive = (): Replica[] => s.replicas.filter((r) => !r.isDead);
    for (let i = 0; i < 4; i++) await s.start();
    let planned = 0;
    let [nextDrop, nextKill] = [0, 0];
    let [dropped, killed, surges, capped] = [0, 0, 0, 0];
    await withBlocks(s, async () => {
      await until(async () => planned === total && await s.done() === total, 1_800_000);
    }, async (n) => {
      if (planned < total && n % 3 === 0) planned += (await s.plan(Math.min(total - planned, 1 + draw.below(Math.ceil(total / 20))))).length;
      // Every forty blocks some of another weather: calm, a tenfold surge, a surge beyond the cap.
      if (n % 40 === 12) s.weather.baseFee = GWEI;
      if (n % 40 === 0) {
        s.weather.baseFee = draw.pick([GWEI, 10n * GWEI, 10n * GWEI, 60n * GWEI]);
        surges += s.weather.baseFee === 10n * GWEI ? 1 : 0;
        capped += s.weather.baseFee === 60n * GWEI ? 1 : 0;
      }
      // Faster than it is noticed nothing would be learned from more.
      if (draw.below(6) === 0 && performance.now() > nextDrop) {
        const pool = await s.weather.pool();
        if (pool.length > 0) {
          await s.weather.drop(draw.pick(pool));
          dropped++;
          nextDrop = performance.now() + PAUSE_MS;
        }
      }
      if (draw.below(40) === 0 && performance.now() > nextKill) {
        nextKill = performance.now() + PAUSE_MS;
        const victim = draw.pick(alive());
        victim.diesAtNextSend = true;
        await s.start();
      }
      const dead = s.replicas.filter((r) => r.isDead).length;
      if (dead > killed) {
        killed = dead;
        await s.lapse();
      }
    });
    const versions = (await s.rows()).reduce((sum, row) => sum + (JSON.parse(row.hashes) as string[]).length, 0);
    console.log("R11", { seed: draw.seed, total, dropped, killed, surges, capped, versions, slowest: await s.slowest(), withBacklog: await s.slowest("planned_at") });
    expect(await s.faults()).toEqual([]);
    expect(await s.slowest()).toBeLessThan(600);
  });
});
