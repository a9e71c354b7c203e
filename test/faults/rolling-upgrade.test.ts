import { expect, it } from "vitest";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { RollingUpgrade } from "../load/rolling-upgrade.js";
import { runStubbed } from "../load/stubbed.js";
import { faultRuns } from "./harness/runs.js";

// Promise (R14): a newer version migrates the store beneath coordinators of the version before, and these are stopped and
// started again on it one by one, while jobs run: nothing is lost, nothing is done twice. The proofs are stubbed.

const UPGRADES = faultRuns(20, 20);
const JOBS_BETWEEN = 20;
const size = { jobs: (UPGRADES + 1) * JOBS_BETWEEN, coordinators: 4, workers: 3 };

process.setMaxListeners(200);

describeOnPostgres("four coordinators under load", (server) => {
  it(`outlive ${UPGRADES} upgrades of their store and as many restarts of each`, async () => {
    const result = await runStubbed(size, await freshPostgresDatabase(server().url), (cluster, _, db) => new RollingUpgrade(cluster, db, UPGRADES, JOBS_BETWEEN));
    const { done, lost, double, findings, unexpected, killed: upgrades } = result;
    expect({ done, lost, double, findings, unexpected, upgrades: upgrades.length })
      .toEqual({ done: size.jobs, lost: [], double: [], findings: [], unexpected: [], upgrades: UPGRADES });
  }, 3 * 3600_000);
});
