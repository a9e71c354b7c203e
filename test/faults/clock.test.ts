import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtMeasurement } from "../../src/cli/measurement.js";
import { ARTEFACT_DIR, ENCLAVE_BUNDLE } from "../../src/cli/paths.js";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import { launchEnclave } from "../../src/simulator/launch.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { now, signJob } from "../coordinator/harness/parties.js";
import { send, signatureOf } from "../coordinator/harness/raw.js";
import { openCluster, type Cluster } from "./harness/cluster.js";
import type { CoordinatorProcess } from "./harness/coordinator-process.js";
import { insistingCase, wholeLife } from "./harness/life.js";

// Promise (R8): a process whose clock is a day off, or jumps by two, ends nothing early and takes nothing late: the coordinator
// goes by the database's clock, and a worker's host can stop it by a lie about the time but not make it release anything.

const DAY = 24 * 3600;
const SHIFT = pathToFileURL(join(import.meta.dirname, "harness/shifted-date.mjs")).href;
const LIBFAKETIME = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib"]
  .flatMap((folder) => [join(folder, "faketime/libfaketime.so.1"), join(folder, "libfaketime.so.1")]).find((path) => existsSync(path));

describeOnPostgres("a coordinator process whose clock is a day off and jumps", (server) => {
  let cluster: Cluster;
  let coordinator: CoordinatorProcess;
  beforeAll(async () => { cluster = await openCluster(await freshPostgresDatabase(server().url)); });
  afterAll(() => cluster.close());

  it.each([DAY, -DAY])("of %i s carries jobs to their receipts, and takes neither old requests nor overdue jobs", async (shift) => {
    coordinator = await cluster.start({ env: { SHIFT_SECONDS: String(shift), NODE_OPTIONS: `--import=${SHIFT}` } });
    const { url, pid } = coordinator;
    await wholeLife(url, cluster.chain);
    await neitherEarlyNorLate(url);
    process.kill(pid, "SIGUSR2");
    await wholeLife(url, cluster.chain);
    await neitherEarlyNorLate(url);
    await coordinator.stop();
    expect(await cluster.faults(false)).toEqual([]);
  }, 600_000);

  /** At any distance that a wrong clock could make small. */
  async function neitherEarlyNorLate(url: string): Promise<void> {
    const c = await insistingCase(url);
    const request = { path: "/v1/inbox?wait=0" };
    for (const age of [DAY, -DAY, 2 * DAY, -2 * DAY, 120, -120]) {
      const answer = await send(url, { ...request, headers: signatureOf(url, c.owner.key, request, now() - age) });
      expect([age, answer.json["code"]]).toEqual([age, "request_expired"]);
    }
    const headers = signatureOf(url, c.owner.key, request);
    expect((await send(url, { ...request, headers })).status).toBe(200);
    expect((await send(url, { ...request, headers })).status).toBe(401);
    await expect(c.platform.api.submitJob(signJob(c, { notAfter: now() - 30, createdAt: now() - 3600 }).envelope)).rejects.toMatchObject({ code: "job_expired" });
    await expect(c.platform.api.submitJob(signJob(c, { createdAt: now() + 600, notAfter: now() + DAY }).envelope)).rejects.toMatchObject({ code: "input_invalid" });
    // An hour from its end, and there still.
    const job = signJob(c, { notAfter: now() + 3600 });
    await c.platform.api.submitJob(job.envelope);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await c.platform.api.job(job.id)).state).toBe("queued");
  }

  it.skipIf(LIBFAKETIME === undefined || !existsSync(ENCLAVE_BUNDLE)).each([[0, true], [DAY, false], [-DAY, false]] as const)(
    `a real worker whose host is %i s off ${LIBFAKETIME === undefined ? "(left out: libfaketime is not installed)" : "is let in: %s"}`, async (shift, welcome) => {
      coordinator = await cluster.start();
      const worker = await launchEnclave({
        bundlePath: ENCLAVE_BUNDLE, config: { coordinator: coordinator.url, artefacts: ARTEFACT_DIR, hpkeSuite: 1, platform: "simulated" },
        tee: SimulatedTee.fromSeed(), clock: now, env: { LD_PRELOAD: LIBFAKETIME ?? "", FAKETIME: `${shift < 0 ? "" : "+"}${shift}`, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
      });
      const registered = await worker.ready.then(() => true, () => false);
      await worker.stop(100);
      await coordinator.stop();
      expect(await builtMeasurement()).toBe(worker.measurement);
      expect(registered).toBe(welcome);
      const db = await openPostgres((cluster.database as { url: string }).url);
      const known = await db.selectFrom("workers").select("state").where("signing_key", "=", await worker.ready.then((m) => m.signingKey, () => "")).execute();
      await db.destroy();
      expect(known).toHaveLength(welcome ? 1 : 0);
    }, 600_000);
});

describe("the measured set", () => {
  /** Every use of the host's time in the worker, and why the host's word is good enough there. */
  const USES: Readonly<Record<string, string>> = {
    "worker.ts": "makes the clock; renews its own keys",
    "runtime/ports.ts": "the port's type",
    "runtime/loop.ts": "renews its own keys early or late; a lease's length is the coordinator's",
    "runtime/lease.ts": "a monotonic clock: gives up a lease that nobody renewed",
    "runtime/phases.ts": "a monotonic clock: how long a phase took",
    "runtime/boot.ts": "a field that the coordinator overwrites",
    "runtime/check-job.ts": "refuses what is over, as brokers do by their own clocks before any key is released",
    "runtime/keys.ts": "gives up waiting; brokers judge challenges by their own clocks",
    "runtime/run-job.ts": "hands the clock to check-job",
    "runtime/prove-statement.ts": "refuses what is over, as its broker does",
    "runtime/receipt.ts": "a label: nothing is judged by it",
  };

  it("takes the host's time nowhere but where its lie can only stop the worker", async () => {
    const root = join(import.meta.dirname, "../../enclave");
    const files = (await readdir(root, { recursive: true })).filter((f) => f.endsWith(".ts") && !f.startsWith("image") && !f.startsWith("platforms"));
    const using: string[] = [];
    for (const file of files) {
      const code = (await readFile(join(root, file), "utf8")).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      if (/\b(clock|now)\b|Date\.now|new Date\(/.test(code)) using.push(file.replaceAll("\\", "/"));
    }
    expect(using.sort()).toEqual(Object.keys(USES).sort());
  });
});
