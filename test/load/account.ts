import { sql } from "kysely";
import { join } from "node:path";
import { folderShelf } from "../../src/coordinator/blobs/folder.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { fsck } from "../../src/fsck/fsck.js";
import { jobBinding } from "../../src/protocol/commitments.js";
import { idBytes, type JobId } from "../../src/protocol/ids.js";
import type { FakeChain } from "../coordinator/harness/fake-chain.js";

/** What became of the jobs, and what is wrong with it: all three counts of wrongs must be 0, and fsck clean. */
export interface Account {
  readonly done: number;
  /** Acknowledged and not done, or done without its receipt here or on the ledger. */
  readonly lost: readonly string[];
  /** Completed, anchored or otherwise done to the ledger more than once. */
  readonly double: readonly string[];
  readonly findings: readonly string[];
  readonly leases: number;
  readonly lapsed: number;
  /** From submission to done, by the database's clock. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly seconds: number;
}

/** Once everything has stopped. */
export async function takeAccount(db: Db, stateDir: string, chain: FakeChain, acknowledged: readonly JobId[]): Promise<Account> {
  const rows = new Map((await db.selectFrom("jobs").select(["id", "state"]).execute()).map((row) => [row.id, row.state]));
  const receipts = new Set((await db.selectFrom("receipts").select("job").execute()).map((row) => row.job));
  const done = acknowledged.filter((job) => rows.get(job) === "done");
  const anchored = (job: JobId): boolean => chain.receipts.has(jobBinding(idBytes(job)));
  const events = await sql<{ event: string; count: number }>`select event, count(*)::float8 as count from job_events group by event`.execute(db);
  const count = (event: string): number => events.rows.find((row) => row.event === event)?.count ?? 0;
  const findings = await fsck({ db, blobs: folderShelf(join(stateDir, "blobs")), ledger: chain, running: false });
  return {
    done: done.length,
    lost: [...acknowledged.filter((job) => rows.get(job) !== "done").map((job) => `${job} is ${rows.get(job) ?? "gone"}`), ...done.filter((job) => !receipts.has(job) || !anchored(job)).map((job) => `${job} has no receipt`)],
    double: [...await doneTwice(db), ...repeated(chain.sends), ...(chain.receipts.size === acknowledged.length ? [] : [`${chain.receipts.size} receipts on the ledger`])],
    findings: findings.map((f) => `${f.kind} ${f.check}: ${f.subject}: ${f.says}`),
    leases: count("lease"), lapsed: count("expire"),
    ...await latency(db),
  };
}

async function doneTwice(db: Db): Promise<string[]> {
  const { rows } = await sql<{ job: string; event: string }>`select job, event from job_events
    where event in ('complete', 'anchored') group by job, event having count(*) > 1`.execute(db);
  return rows.map(({ job, event }) => `${job}: ${event} twice`);
}

function repeated(deeds: readonly string[]): string[] {
  const seen = new Set<string>();
  return deeds.filter((deed) => seen.size === seen.add(deed).size).map((deed) => `on the ledger twice: ${deed}`);
}

async function latency(db: Db): Promise<Pick<Account, "p50Ms" | "p99Ms" | "seconds">> {
  const { rows } = await sql<{ p50: number; p99: number; seconds: number }>`
    select percentile_disc(0.5) within group (order by ms) as p50, percentile_disc(0.99) within group (order by ms) as p99,
      extract(epoch from max(ended) - min(begun))::float8 as seconds
    from (select 1000 * extract(epoch from e.at - j.created_at)::float8 as ms, j.created_at as begun, e.at as ended
      from jobs j join job_events e on e.job = j.id and e.event = 'anchored') lives`.execute(db);
  const { p50, p99, seconds } = rows[0] as { p50: number; p99: number; seconds: number };
  return { p50Ms: Math.round(p50), p99Ms: Math.round(p99), seconds };
}
