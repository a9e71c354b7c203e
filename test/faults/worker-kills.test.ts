import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import { replayStore } from "../../src/coordinator/trace/read.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { until } from "../coordinator/harness/parties.js";
import { newDraw } from "./harness/draw.js";
import { openFarm, type Farm, type Job } from "./harness/farm.js";
import type { Moment } from "./harness/kill-relay.js";
import { faultRuns } from "./harness/runs.js";

// Promise (R1): a worker may be killed in any phase of a job: every job ends with one receipt that verifies, and a job whose
// worker is gone is taken again within 45 s (lease 30 s, beat 10 s). Workers are real processes with real proofs.

const KILLS = faultRuns(500, 40);
const WORKERS = 2;
/** A job is hit several times: a killed worker costs seconds, a proof many more. */
const KILLS_A_JOB = 7;
const TAKEN_AGAIN_MS = 45_000;
const TIME_MS = 6 * 3600_000;

/** Where a worker is hit, and whether its last bytes still arrive. After `proving` a while passes. */
const FATES: readonly (readonly [Moment, "deliver" | "drop"])[] = [
  ["leased", "drop"], ["leased", "deliver"], ["key asked", "deliver"], ["evidence sent", "drop"], ["evidence sent", "deliver"], ["computing", "deliver"],
  ["proving", "deliver"], ["proving", "deliver"], ["sealing", "deliver"], ["handing in", "drop"], ["handing in", "deliver"], ["handed in", "drop"],
];

const draw = newDraw();

describeOnPostgres("workers killed in every phase", (server) => {
  it(`lose no job and make no second receipt in ${KILLS} kills (seed ${draw.seed})`, async () => {
    const database = await freshPostgresDatabase(server().url);
    const farm = await openFarm(smeInvoice, database, WORKERS);
    const db = await openPostgres(database.url);
    try {
      const jobs: Job[] = [];
      for (let i = 0; i < Math.ceil(KILLS / KILLS_A_JOB); i++) jobs.push(await farm.order());
      const play = new Play(farm, db, jobs);
      await play.run();
      for (const job of jobs) expect(await farm.faultsOf(job), `seed ${draw.seed}`).toEqual([]);
      const count = async (table: "completions" | "receipts"): Promise<number> =>
        Number((await db.selectFrom(table).select((e) => e.fn.countAll<bigint>().as("n")).executeTakeFirstOrThrow()).n);
      expect([await count("completions"), await count("receipts")]).toEqual([jobs.length, jobs.length]);
      const takenAgainMs = await lapse(farm, db);
      expect(await replayStore(db)).toEqual([]);
      expect(takenAgainMs, `seed ${draw.seed}`).toBeLessThan(TAKEN_AGAIN_MS);
      console.log(`worker kills: ${JSON.stringify(Object.fromEntries(play.kills))}, ${jobs.length} jobs, taken again after ${Math.round(takenAgainMs / 1000)} s, seed ${draw.seed}`);
    } finally {
      await db.destroy();
      expect(await farm.stop(), `seed ${draw.seed}`).toEqual([]);
    }
  }, TIME_MS);
});

/** One more job, whose lease is left to lapse by itself. Answers how long after its worker's death another one has it. */
async function lapse(farm: Farm, db: Db): Promise<number> {
  const job = await farm.order();
  let killedAt = 0;
  const first = await farm.worker(0, (moment) => {
    if (moment === "computing") {
      killedAt = Date.now();
      first.kill();
    }
    return "deliver";
  });
  await first.exited;
  const second = await farm.worker(1, () => "deliver");
  await until(async () => (await farm.stateOf(job.id)) === "done", 300_000);
  second.kill();
  const { at } = await db.selectFrom("job_events").select("at").where("job", "=", job.id).where("event", "=", "lease").orderBy("seq", "desc").executeTakeFirstOrThrow();
  return at.getTime() - killedAt;
}

class Play {
  readonly kills = new Map<string, number>();
  readonly #farm: Farm;
  readonly #db: Db;
  readonly #jobs: readonly Job[];
  readonly #alive = new Set<() => void>();
  #started = 0;
  #over = false;

  constructor(farm: Farm, db: Db, jobs: readonly Job[]) {
    [this.#farm, this.#db, this.#jobs] = [farm, db, jobs];
  }

  async run(): Promise<void> {
    const slots = Array.from({ length: WORKERS }, (_, slot) => this.#slot(slot));
    const watching = Promise.all(slots);
    try {
      while (!(await this.#allDone())) await Promise.race([sleep(500), watching]);
    } finally {
      this.#over = true;
      this.#alive.forEach((kill) => { kill(); });
    }
    await watching;
  }

  /** One worker after another, until the jobs are done; the last ones are left alone. */
  async #slot(slot: number): Promise<void> {
    while (!this.#over) {
      const n = this.#started++;
      await this.#live(slot, n < KILLS ? this.#fate(n) : undefined);
    }
  }

  #fate(n: number): Fate {
    // Every phase in turn; beside that one in eight goes whenever it comes, and takes the others of the pool along.
    const [moment, last] = FATES[n % FATES.length] as (typeof FATES)[number];
    return { moment, last, delayMs: moment === "proving" ? draw.below(1500) : 0, all: draw.below(8) === 0 };
  }

  async #live(slot: number, fate: Fate | undefined): Promise<void> {
    let killing = false;
    const worker = await this.#farm.worker(slot, (moment) => {
      if (fate === undefined || moment !== fate.moment || killing) return "deliver";
      killing = true;
      const strike = (): void => {
        this.kills.set(fate.moment, (this.kills.get(fate.moment) ?? 0) + 1);
        worker.kill();
        if (fate.all) this.#alive.forEach((kill) => { kill(); });
      };
      // Delivered bytes get a moment to arrive where they go.
      if (fate.delayMs > 0 || fate.last === "deliver") setTimeout(strike, fate.delayMs + 5);
      else strike();
      return fate.last;
    });
    this.#alive.add(worker.kill);
    const key = await worker.ready.catch(() => undefined);
    await worker.exited;
    this.#alive.delete(worker.kill);
    if (key !== undefined && !this.#over) await this.#afterDeath(key);
  }

  /** Its lease lapses at once, as if half a minute had passed. */
  async #afterDeath(key: string): Promise<void> {
    await sql`update jobs set lease_expires_at = now() where lease_worker = ${key} and state = 'running'`.execute(this.#db);
  }

  async #allDone(): Promise<boolean> {
    const rows = await this.#db.selectFrom("jobs").select("state").execute();
    if (rows.some((row) => row.state === "failed")) throw new Error("a job failed");
    return rows.filter((row) => row.state === "done").length === this.#jobs.length;
  }
}

interface Fate { readonly moment: Moment; readonly last: "deliver" | "drop"; readonly delayMs: number; readonly all: boolean }
