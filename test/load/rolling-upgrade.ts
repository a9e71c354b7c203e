import { sql } from "kysely";
import type { Db } from "../../src/coordinator/store/schema.js";
import type { LoadCluster } from "./cluster.js";
import type { Disturbance } from "./stubbed.js";

/**
 * Upgrades while jobs run: what a newer version's first replica would add to the store, beneath coordinators that do not know
 * it, and then each coordinator stopped and started again on it. They are of the version before all the while, which is what
 * a roll-back is too.
 */
export class RollingUpgrade implements Disturbance {
  readonly killed: string[] = [];
  readonly #cluster: LoadCluster;
  readonly #db: Db;
  readonly #upgrades: number;
  readonly #jobsBetween: number;

  constructor(cluster: LoadCluster, db: Db, upgrades: number, jobsBetween: number) {
    this.#cluster = cluster;
    this.#db = db;
    this.#upgrades = upgrades;
    this.#jobsBetween = jobsBetween;
  }

  async look(done: number): Promise<void> {
    if (this.killed.length >= this.#upgrades || done < (this.killed.length + 1) * this.#jobsBetween) return;
    const name = `${9001 + this.killed.length}-future`;
    await this.#db.transaction().execute((trx) => expand(trx, name));
    for (const coordinator of this.#cluster.coordinators) {
      await coordinator.stop();
      await coordinator.start();
    }
    this.killed.push(name);
  }

  settled = (): Promise<void> => Promise.resolve();
}

/** A table, a column of each kind that may be added, and an index. */
async function expand(trx: Db, name: string): Promise<void> {
  const n = name.slice(0, 4);
  for (const statement of [
    `create table future_${n} (id text primary key)`,
    `alter table jobs add column future_a_${n} text, add column future_b_${n} integer not null default 0 check (future_b_${n} >= 0)`,
    `alter table outbox add column future_${n} timestamptz not null default now()`,
    `create index jobs_future_${n} on jobs (program, future_b_${n})`,
  ]) await sql.raw(statement).execute(trx);
  await sql`insert into kysely_migration (name, timestamp) values (${name}, 'now')`.execute(trx);
}
