import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serialize } from "node:v8";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { builtMeasurement } from "../../src/cli/measurement.js";
import { brokerForData, issueGrant, sealDataset } from "../../src/cli/roles/enterprise.js";
import { checkCoordinatorStore } from "../../src/cli/roles/fsck.js";
import { createHome } from "../../src/cli/roles/home.js";
import { openDevLedger, type DevLedger } from "../../src/cli/roles/ledger.js";
import { addModel, brokerForModels, clientOf, openJob, orderJob } from "../../src/cli/roles/platform.js";
import { verifyFile } from "../../src/cli/roles/verifier.js";
import { startWorker } from "../../src/cli/roles/worker.js";
import type { DatabaseConfig } from "../../src/coordinator/store/open.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { partyKey } from "../../src/protocol/ids.js";
import { edgeDataset } from "../e2e/datasets.js";
import { bundleScript } from "../faults/harness/bundle.js";
import { spawnCoordinator } from "../faults/harness/coordinator-process.js";
import type { Draw } from "../faults/harness/draw.js";
import { Killer } from "./killer.js";
import { placeOf, type Place } from "./processes.js";
import type { RealLedger } from "./real-coordinator.js";

export interface RealResult { readonly done: number; readonly verified: number; readonly findings: readonly string[]; readonly killed: readonly string[]; readonly seconds: number }
export interface RealSize { readonly jobs: number; readonly coordinators: number; readonly workers: number; readonly kills: number }

const PASSPHRASE = "a passphrase of the load test";
const LOOK_MS = 500;
const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
const purpose = "credit decision";

/** The whole system with real proofs and the real contracts on anvil: coordinators, which are killed, on one PostgreSQL; measured workers. */
export async function runReal(size: RealSize, database: DatabaseConfig & { kind: "postgres" }, draw: Draw): Promise<RealResult> {
  const folder = await mkdtemp(join(tmpdir(), "veritee-load-real-"));
  const ledger = await openDevLedger(join(folder, "ledger"));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true }), () => ledger.stop()];
  try {
    return await play(size, database, draw, folder, ledger, undo);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function play(size: RealSize, database: DatabaseConfig & { kind: "postgres" }, draw: Draw, folder: string, ledger: DevLedger, undo: (() => Promise<unknown>)[]): Promise<RealResult> {
  const measurement = await builtMeasurement();
  const stateDir = join(folder, "coordinator");
  const urls: string[] = [];
  const coordinators = await startAll(size.coordinators, urls, { stateDir, database, maxFailures: 50 }, { ...ledger, measurement }, undo);
  say(`coordinators at ${urls.join(" ")}`);
  const [url] = urls as [string];
  const [enterprise, platform] = await Promise.all((["enterprise", "platform"] as const).map((role) => createHome(join(folder, role), role, PASSPHRASE)));
  if (enterprise === undefined || platform === undefined) throw new Error("no homes");
  const abort = new AbortController();
  const trust = { anchors: SIMULATION_ANCHORS };
  const brokers = [brokerForData(enterprise, url, trust, abort.signal, () => undefined), brokerForModels(platform, url, trust, abort.signal, () => undefined)];
  const model = await addModel(platform, url, smeInvoice, smeInvoice.defaultModel);
  const workers = await Promise.all(Array.from({ length: size.workers }, (_, i) => startWorker({ coordinator: urls[i % urls.length] as string })));
  const stopParties = async (): Promise<void> => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    abort.abort();
    await Promise.allSettled(brokers);
  };
  undo.push(stopParties);
  await Promise.all(workers.map((worker) => worker.ready));
  say("workers are registered");

  const { manifest: dataset } = await sealDataset(enterprise, url, smeInvoice, await edgeDataset(smeInvoice), () => undefined);
  const allowed = { allowedMeasurements: [measurement], allowedAnchors: ["sim"] } as const;
  const grant = await issueGrant(enterprise, url, { dataset, grantee: partyKey(model.signer), purpose, maxUses: size.jobs, ...allowed });
  say("dataset, model and grant are there");
  const begun = performance.now();
  const jobs = [];
  for (let i = 0; i < size.jobs; i++) jobs.push(await orderJob(platform, url, { grant, model, ...allowed }));

  const killer = new Killer(draw, coordinators, size.kills, size.jobs);
  const api = clientOf(platform, url);
  let done = 0;
  for (const job of jobs) {
    for (;;) {
      const view = await api.job(job.id).catch(() => undefined);
      if (view?.state === "failed") throw new Error(`job failed: ${view.error?.code ?? ""} ${view.error?.reason ?? ""}`);
      if (view?.state === "done") break;
      await sleep(LOOK_MS);
    }
    await killer.look(++done);
    if (done % 10 === 0) say(`${done} jobs done`);
  }
  await killer.settled();
  const seconds = (performance.now() - begun) / 1000;

  let verified = 0;
  for (const job of jobs) {
    const file = join(folder, "receipt.json");
    await writeFile(file, JSON.stringify((await openJob(platform, url, job, dataset)).receipt));
    const { ok } = await verifyFile({ file, rpcUrl: ledger.rpcUrl, deployment: ledger.deployment, allowDevelopment: true });
    if (ok) verified++;
  }
  await stopParties();
  await Promise.all(coordinators.map((place) => place.stop()));
  const { findings } = await checkCoordinatorStore({ stateDir, database, homes: [join(folder, "enterprise"), join(folder, "platform")], ledger });
  return { done, verified, findings: findings.map((f) => `${f.kind} ${f.check}: ${f.subject}: ${f.says}`), killed: killer.killed, seconds };
}

async function startAll(count: number, urls: string[], settings: object, ledger: RealLedger, undo: (() => Promise<unknown>)[]): Promise<readonly Place[]> {
  const script = await bundleScript(join(import.meta.dirname, "real-coordinator.ts"));
  const { rpcUrl, deployment, registrarKey, measurement } = ledger;
  const env = { REAL_LEDGER: serialize({ rpcUrl, deployment, registrarKey, measurement }).toString("base64") };
  const places = Array.from({ length: count }, (_, i) => placeOf(`coordinator ${i + 1}`, async () => {
    const port = urls[i] === undefined ? 0 : Number(new URL(urls[i]).port);
    const started = await spawnCoordinator({ script: script.path, settings: { ...settings, port } as never, chainPort: 0, env });
    urls[i] = started.url;
    return started;
  }));
  undo.push(async () => {
    await Promise.all(places.map((place) => place.kill()));
    await script.remove();
  });
  for (const place of places) await place.start();
  return places;
}
