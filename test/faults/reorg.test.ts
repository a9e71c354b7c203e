import { afterAll, beforeAll, expect, it } from "vitest";
import { rpc } from "../../src/chain/rpc.js";
import { startWorld, type World } from "../contracts/harness/world.js";
import { openTestStore, type TestStore } from "../coordinator/harness/database.js";
import { until } from "../coordinator/harness/parties.js";
import { Anchoring } from "./harness/anchoring.js";
import { newDraw } from "./harness/draw.js";
import { faultRuns } from "./harness/runs.js";

// Promise (R9): a chain may be reorganised at any moment, up to 64 blocks deep, with deeds, receipts and jobs on their way. What was
// called final stands through whatever is no deeper than the operator asked for; deeper ones raise the alarm at the next look.
// Everything is anchored again, once.

const CONFIRMATIONS = 12;
const DEEPEST = 64;
/** A fiftieth in `npm test`: a run waits for blocks, watcher and account, several seconds of it. */
const RUNS = faultRuns(500, 50);
/** Runs between two rests in which everything must come to its end. */
const REST_EVERY = 5;
const draw = newDraw();
let w: World;
let store: TestStore;
let a: Anchoring;
let base: number;
beforeAll(async () => {
  w = await startWorld("reorganised");
  // Accounts and contracts are below whatever is reorganised.
  base = (await w.reader.head()).number;
  await w.chain.mine(DEEPEST);
  store = await openTestStore();
  a = await Anchoring.open(w, store, { confirmations: CONFIRMATIONS, watchMs: 25 });
}, 240_000);
afterAll(async () => {
  await a?.stop();
  await store?.close();
  await w?.stop();
});

const finals = async () => (await a.deeds()).filter((deed) => deed.final && deed.block_hash !== null);
/** Deeds that are called final and whose block is not on the chain. */
async function wrongFinals(): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { seq, block_number: number, block_hash: hash } of await finals()) {
    if ((await w.reader.block(Number(number)))?.hash !== hash) wrong.push(`deed ${seq} in block ${number}`);
  }
  return wrong;
}
const alarms = (): number => a.logged("reorganised_beyond_final").length;

it(`calls nothing final that a reorganisation of ${CONFIRMATIONS} blocks takes away, and recovers from deeper ones, seed ${draw.seed}`, { timeout: 7_200_000 }, async () => {
  const counts = { runs: 0, shallow: 0, deep: 0, alarms: 0, finalsKept: 0 };
  await a.plantLeaf();
  await a.settled(120_000);
  for (let run = 0; run < RUNS; run++) {
    const leaf = a.leaves[draw.below(a.leaves.length)] as string;
    for (let i = draw.below(4); i > 0; i--) await a.plantJob(leaf);
    if (draw.below(3) === 0) await a.plantLeaf();
    if (draw.below(3) === 0) await a.plantModel();
    if (draw.below(3) > 0) await w.chain.mine(1 + draw.below(2 * CONFIRMATIONS));
    // Sometimes before anything is in a block, sometimes after most of it is final.
    await new Promise((resolve) => setTimeout(resolve, draw.below(150)));
    await a.looked();
    const before = await finals();
    const [seen, alarmsBefore] = [await store.db.selectFrom("chain_watch").selectAll().executeTakeFirstOrThrow(), alarms()];
    const head = (await w.reader.head()).number;
    const most = Math.min(DEEPEST, head - base);
    // Most of them no deeper than is promised to be harmless, and many of those as deep as that.
    const depth = Math.min(most, [CONFIRMATIONS, 1 + draw.below(CONFIRMATIONS), 1 + draw.below(DEEPEST)][draw.below(3)] as number);
    await rpc(w.chain.rpcUrl, "anvil_reorg", [depth, []]);
    await a.looked();
    expect(await wrongFinals(), `run ${run}, depth ${depth}, seed ${draw.seed}`).toEqual([]);
    counts.runs++;
    if (depth <= CONFIRMATIONS) {
      const now = new Map((await finals()).map((deed) => [deed.seq, deed.block_hash]));
      for (const deed of before) expect(now.get(deed.seq), `run ${run}, depth ${depth}: a final deed moved, seed ${draw.seed}`).toBe(deed.block_hash);
      expect(alarms(), `run ${run}, depth ${depth}, seed ${draw.seed}`).toBe(alarmsBefore);
      [counts.shallow, counts.finalsKept] = [counts.shallow + 1, counts.finalsKept + before.length];
    } else {
      counts.deep++;
      const gone = (await w.reader.block(Number(seen.checkpoint_number)))?.hash !== seen.checkpoint_hash;
      if (gone) await until(() => Promise.resolve(alarms() > alarmsBefore), 10_000);
      counts.alarms += gone ? 1 : 0;
    }
    if (run % REST_EVERY === REST_EVERY - 1) await a.settled(120_000);
  }
  await a.settled(120_000);
  await w.chain.mine(CONFIRMATIONS);
  await until(async () => (await a.deeds()).every((deed) => deed.final || deed.state === "refused"), 60_000);
  expect(await wrongFinals()).toEqual([]);
  expect(await a.faults(), `seed ${draw.seed}`).toEqual([]);
  process.stderr.write(`reorg: ${JSON.stringify({ ...counts, jobs: a.jobs.length, leaves: a.leaves.length, undone: (await a.deeds()).reduce((n, d) => n + d.undone, 0) })}, seed ${draw.seed}\n`);
});
