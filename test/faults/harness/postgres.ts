// Coordinators of this process on a PostgreSQL whose link and whose server fail on purpose.
import { sql } from "kysely";
import type { PostgresServer } from "../../../bench/postgres/server.js";
import { openPostgres } from "../../../src/coordinator/store/open-postgres.js";
import type { JobId } from "../../../src/protocol/ids.js";
import { freshPostgresDatabase } from "../../coordinator/harness/database.js";
import { startService, type Service } from "../../coordinator/harness/service.js";
import { faultsOf } from "./cluster.js";
import { insistingParty } from "./insist.js";
import { Lives } from "./lives.js";
import { startProxy, type TcpProxy } from "./tcp-proxy.js";

export interface Shaken {
  readonly proxy: TcpProxy;
  readonly service: Service;
  /** Whole lives at once, one after another in each lane, while the faults happen; answers the jobs that came to their end. */
  whileLiving(lanes: number, faults: () => Promise<void>): Promise<readonly JobId[]>;
  /** Waits until so many more commits were acknowledged: a moment that does not depend on how quick the machine is. */
  commits(count: number): Promise<void>;
  /** Milliseconds until a write is acknowledged. */
  untilWritten(): Promise<number>;
  /** What was lost, done twice, or nobody expected, in words; nothing when all is well. */
  faults(jobs: readonly JobId[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** One coordinator whose link to the server passes a proxy. A lease is short, and lost ones are no reason to give a job up. */
export async function startShaken(server: PostgresServer): Promise<Shaken> {
  const direct = await freshPostgresDatabase(server.url);
  const proxy = await startProxy(direct.url);
  const service = await startService({ database: { kind: "postgres", url: proxy.url }, leaseSeconds: 8, retrySeconds: 0, batchAgeMs: 0, maxFailures: 100 });
  return {
    proxy, service,
    whileLiving: async (lanes, faults) => {
      const ended: JobId[] = [];
      const lives = new Lives(service.url, service.chain);
      let over = false;
      const living = Array.from({ length: lanes }, async () => {
        for await (const job of lives.lane(() => over)) ended.push(job);
      });
      // Whichever fails first is the news.
      await Promise.race([faults(), Promise.all(living)]).finally(() => { over = true; });
      await Promise.all(living);
      return ended;
    },
    commits: (count) => new Promise((resolve) => {
      let left = count;
      proxy.loseAck = () => {
        if (--left <= 0) resolve();
        return false;
      };
    }),
    untilWritten: async () => {
      const started = performance.now();
      await insistingParty(service.url).api.workerChallenge();
      return performance.now() - started;
    },
    faults: async (jobs) => [
      ...(await faultsOf(service.stateDir, direct, service.chain, true)),
      ...(service.chain.receipts.size === jobs.length ? [] : [`${jobs.length} jobs ended, ${service.chain.receipts.size} receipts are on the ledger`]),
      ...(await chargedWrongly(direct.url)),
      ...unexpected(service),
    ],
    close: async () => {
      await service.close();
      await proxy.close();
    },
  };
}

/** Whose quota is not what its blobs are: charged twice, or not at all. */
async function chargedWrongly(url: string): Promise<readonly string[]> {
  const db = await openPostgres(url);
  const { rows } = await sql<{ caller: string }>`
    select caller from caller_usage u full join (select caller, count(*) as blobs, sum(bytes) as bytes from caller_blobs group by caller) b using (caller)
    where u.blobs is distinct from b.blobs or u.bytes is distinct from b.bytes`.execute(db).finally(() => db.destroy());
  return rows.map((row) => `charged wrongly: ${row.caller}`);
}

/** Callers are told that the store is away, and loops log it; anything else is a mistake of ours. */
function unexpected({ log }: Service): string[] {
  return log.lines.flatMap((line) => {
    const { event, code } = line;
    const known = event === "loop_failed" ? code === "store_failed" || code === "storage_full" : code !== "internal" && event !== "request_failed";
    return known ? [] : [`unexpected: ${JSON.stringify(line)}`];
  });
}
