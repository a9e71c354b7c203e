import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { toHex } from "../../src/protocol/bytes.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { JobId } from "../../src/protocol/ids.js";
import type { Completion, Lease } from "../../src/protocol/wire/veritee_pb.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { completionOf, prepareCase, registerWorker, signJob, until, type Case, type Party, type WorkerParty } from "../coordinator/harness/parties.js";
import { openCluster, type Cluster } from "./harness/cluster.js";
import { newDraw } from "./harness/draw.js";
import { faultRuns } from "./harness/runs.js";

// Promise (R3): whatever is delivered again, late, or by two workers counts once. Every submission and every completion is sent
// ten times, to two coordinators; a part of the workers lose their lease and hand in after somebody else did.

const COPIES = 10;
const JOBS = faultRuns(10_000, 200);
const JOBS_AT_A_TIME = 100;
/** One lease of so many is taken away while its worker works. */
const LATE_OF = 8;
const TIME_MS = 6 * 3600_000;

const draw = newDraw();

describeOnPostgres("two coordinators that are sent everything ten times", (server) => {
  let cluster: Cluster;
  let urls: readonly string[];
  let db: Db;
  let c: Case;
  let workers: readonly WorkerParty[];
  beforeAll(async () => {
    const quotas = { requestsPerSecond: 100_000, burst: 1_000_000, openRequests: 100_000 };
    const load = { maxPending: 10_000, maxLagMs: 60_000 };
    const database = await freshPostgresDatabase(server().url);
    cluster = await openCluster(database, { leaseSeconds: 60, batchAgeMs: 50, quotas, load });
    urls = [(await cluster.start({}, 0)).url, (await cluster.start({}, 1)).url];
    db = await openPostgres(database.url);
    c = await prepareCase(urls[0] as string);
    workers = await Promise.all(Array.from({ length: 8 }, () => registerWorker(urls[0] as string)));
  });
  afterAll(async () => {
    await db.destroy();
    await cluster.close();
  });

  /** The same party, calling the i-th coordinator. */
  const at = (who: Party, i: number): CoordinatorClient => new CoordinatorClient({ url: urls[i % 2] as string, key: who.key });
  const copies = <T>(act: (i: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: COPIES }, (_, i) => act(i)));
  /** The codes that one completion is answered with, each once. */
  const handIn = async (worker: WorkerParty, lease: Lease, completion: Completion): Promise<readonly string[]> => {
    const job = toHex(lease.jobId) as JobId;
    const answers = await copies((i) => at(worker, i).complete(job, lease.leaseToken, completion).then(() => "accepted", (e: unknown) => (e instanceof VeriteeError ? e.code : String(e))));
    return [...new Set(answers)];
  };
  const isHandedIn = async (job: string): Promise<boolean> =>
    (await db.selectFrom("completions").select("job").where("job", "=", job).executeTakeFirst()) !== undefined;
  const takeAway = (job: string): Promise<unknown> => sql`update jobs set lease_expires_at = now() - interval '1 second' where id = ${job} and state = 'running'`.execute(db);

  const unexpected: string[] = [];
  const late: Promise<void>[] = [];

  /** Leases until all is done; hands in at once, or late after somebody else did. */
  const work = async (worker: WorkerParty, replica: number, over: () => boolean): Promise<void> => {
    const api = at(worker, replica);
    while (!over()) {
      const lease = await api.lease(1);
      if (lease === undefined) continue;
      const completion = completionOf(worker, lease, [c.owner, c.platform], cluster.chain);
      const job = toHex(lease.jobId);
      if (lease.attempt === 1 && draw.below(LATE_OF) === 0) {
        await takeAway(job);
        late.push(until(() => isHandedIn(job), 120_000).then(async () => {
          const answers = await handIn(worker, lease, completion);
          if (answers.join() !== "lease_lost") unexpected.push(`late: ${answers.join()}`);
        }));
      } else {
        const answers = await handIn(worker, lease, completion);
        if (answers.join() !== "accepted") unexpected.push(`in time: ${answers.join()}`);
      }
    }
  };

  const playWave = async (count: number): Promise<void> => {
    const jobs = Array.from({ length: count }, () => signJob(c));
    let left = true;
    const racing = workers.slice(0, 2 + draw.below(7));
    const loops = racing.map((worker, i) => work(worker, i, () => !left));
    for (const job of jobs) {
      const views = await copies((i) => at(c.platform, i).submitJob(job.envelope));
      if (views.some((view) => view.id !== job.id)) unexpected.push(`submitted as ${views.map((v) => v.id).join()}`);
    }
    const ids = jobs.map((job) => job.id as string);
    await until(async () => {
      const { n } = await db.selectFrom("jobs").select((e) => e.fn.countAll<bigint>().as("n")).where("id", "in", ids).where("state", "=", "done").executeTakeFirstOrThrow();
      return Number(n) === count;
    }, 300_000).finally(() => { left = false; });
    await Promise.all(loops);
  };

  it(`take one result and anchor one receipt of each of ${JOBS} jobs (seed ${draw.seed})`, async () => {
    for (let done = 0; done < JOBS; done += JOBS_AT_A_TIME) await playWave(Math.min(JOBS_AT_A_TIME, JOBS - done));
    await Promise.all(late);
    expect(unexpected).toEqual([]);
    expect(late.length).toBeGreaterThan(0);
    const rows = async (table: "jobs" | "completions" | "receipts" | "results"): Promise<number> =>
      Number((await db.selectFrom(table).select((e) => e.fn.countAll<bigint>().as("n")).executeTakeFirstOrThrow()).n);
    expect([await rows("jobs"), await rows("completions"), await rows("receipts"), await rows("results")]).toEqual([JOBS, JOBS, JOBS, 2 * JOBS]);
    const anchored = cluster.chain.sends.filter((deed) => deed.startsWith("receipt"));
    expect([anchored.length, new Set(anchored).size]).toEqual([JOBS, JOBS]);
    // Every copy but the one that counted is in the trace, as what changed nothing.
    const noted = async (event: string): Promise<number> =>
      Number((await db.selectFrom("job_events").select((e) => e.fn.countAll<bigint>().as("n")).where("event", "=", event).executeTakeFirstOrThrow()).n);
    expect([await noted("complete"), await noted("late_completion")]).toEqual([JOBS, JOBS * (COPIES - 1) + late.length * COPIES]);
    expect(await cluster.faults(true)).toEqual([]);
    console.log(`duplicates: ${JOBS} jobs, ${late.length} handed in late, seed ${draw.seed}`);
  }, TIME_MS);
});
