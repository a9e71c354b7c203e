// The whole system on this machine: embedded ledger, coordinator, bundled worker in its own process, an enterprise and a
// platform with their brokers. Everything a coordinator is sent or sends passes a recording relay.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, connect, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { builtMeasurement } from "../../src/cli/measurement.js";
import { ENCLAVE_BUNDLE } from "../../src/cli/paths.js";
import { openCoordinator } from "../../src/cli/roles/coordinator.js";
import { brokerForData, issueGrant, sealDataset } from "../../src/cli/roles/enterprise.js";
import { checkCoordinatorStore } from "../../src/cli/roles/fsck.js";
import { createHome, type Home } from "../../src/cli/roles/home.js";
import { openDevLedger, type DevLedger } from "../../src/cli/roles/ledger.js";
import { addModel, brokerForModels, clientOf, openJob, orderJob } from "../../src/cli/roles/platform.js";
import { startWorker } from "../../src/cli/roles/worker.js";
import type { CoordinatorSettings } from "../../src/coordinator/config.js";
import type { Coordinator } from "../../src/coordinator/start.js";
import { partyKey, type Measurement } from "../../src/protocol/ids.js";
import type { DatasetManifest, JobRequest, ModelManifest, PlatformResult, Signed } from "../../src/protocol/objects/index.js";
import type { DatasetManifestId, JobId, ModelManifestId } from "../../src/protocol/ids.js";
import type { ImportedDataset } from "../../src/programs/import/dataset.js";
import type { Program } from "../../src/programs/program.js";
import type { Scorecard } from "../../src/programs/scorecard.js";
import type { LaunchedEnclave } from "../../src/simulator/launch.js";

export const PASSPHRASE = "a passphrase of the tests";

export interface Scored {
  readonly job: Signed<JobRequest, JobId>;
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
  readonly receipt: unknown;
  readonly result: PlatformResult;
}

export interface World {
  readonly folder: string;
  readonly coordinatorFolder: string;
  readonly ledger: DevLedger;
  readonly url: string;
  readonly measurement: Measurement;
  readonly enterprise: Home;
  readonly platform: Home;
  readonly model: Signed<ModelManifest, ModelManifestId>;
  /** Bytes that went over the coordinator's sockets, both ways. */
  readonly traffic: () => Buffer;
  readonly coordinatorLog: () => string;
  readonly workerLog: () => string;
  score(program: Program, imported: ImportedDataset, purpose?: string): Promise<Scored>;
  stop(): Promise<void>;
}

/** @throws when the enclave has not been bundled: `npm test` does it, `npx vitest` alone does not */
export async function startWorld(
  program: Program, card: Scorecard = program.defaultModel, settings: Partial<CoordinatorSettings> = {},
): Promise<World> {
  if (!existsSync(ENCLAVE_BUNDLE)) throw new Error("the enclave is not bundled: run `npm run build` first, or `npm test`");
  const folder = await mkdtemp(join(tmpdir(), "veritee-world-"));
  const coordinatorFolder = join(folder, "coordinator");
  await mkdir(coordinatorFolder);
  const measurement = await builtMeasurement();
  const ledger = await openDevLedger(join(folder, "ledger"));
  const relay = await recordingRelay();
  let log = "";
  const { rpcUrl, deployment, registrarKey } = ledger;
  const coordinator = await openCoordinator({
    settings: { developmentParameters: true, ...settings, stateDir: coordinatorFolder, port: 0, authorities: [relay.authority] },
    rpcUrl, deployment, registrarKey, measurements: [measurement], simulation: true,
    log: { write: (line) => void (log += line) },
  });
  relay.to(coordinator.url);
  const url = `http://${relay.authority}`;

  const home = (role: "enterprise" | "platform"): Promise<Home> => createHome(join(folder, role), role, PASSPHRASE);
  const [enterprise, platform] = await Promise.all([home("enterprise"), home("platform")]);
  const abort = new AbortController();
  const brokers = [
    brokerForData(enterprise, url, { anchors: SIMULATION_ANCHORS }, abort.signal, () => undefined),
    brokerForModels(platform, url, { anchors: SIMULATION_ANCHORS }, abort.signal, () => undefined),
  ];
  const model = await addModel(platform, url, program, card);
  let workerLog = "";
  const worker = await startWorker({
    coordinator: url,
    onMessage: (m) => void (workerLog += `${JSON.stringify(m)}\n`),
    onOutput: (line) => void (workerLog += `${line}\n`),
  });
  await worker.ready;

  const score: World["score"] = async (p, imported, purpose = "credit decision") => {
    const { manifest: dataset } = await sealDataset(enterprise, url, p, imported, () => undefined);
    const grant = await issueGrant(enterprise, url, {
      dataset, grantee: partyKey(model.signer), purpose, allowedMeasurements: [measurement], allowedAnchors: ["sim"],
    });
    const job = await orderJob(platform, url, { grant, model, allowedMeasurements: [measurement], allowedAnchors: ["sim"] });
    const api = clientOf(platform, url);
    for await (const view of api.jobEvents(job.id)) void view;
    const ended = await api.job(job.id);
    if (ended.state !== "done") throw new Error(`job ${ended.state}: ${ended.error?.code ?? ""} ${ended.error?.reason ?? ""}\n${workerLog}`);
    return { job, dataset, ...(await openJob(platform, url, job, dataset)) };
  };

  return {
    folder, coordinatorFolder, ledger, url, measurement, enterprise, platform, model, score,
    traffic: relay.traffic, coordinatorLog: () => log, workerLog: () => workerLog,
    stop: () => stopAll({ abort, brokers, worker, coordinator, relay, ledger, folder }),
  };
}

interface Started {
  abort: AbortController; brokers: Promise<void>[]; worker: LaunchedEnclave; coordinator: Coordinator; relay: Relay; ledger: DevLedger; folder: string;
}

async function stopAll({ abort, brokers, worker, coordinator, relay, ledger, folder }: Started): Promise<void> {
  abort.abort();
  await Promise.all(brokers);
  await worker.stop();
  await coordinator.close();
  relay.server.close();
  await assertClean(folder, ledger).finally(() => ledger.stop());
  await rm(folder, { recursive: true, force: true });
}

/** What was lost, done twice or left over on the way is found here, whatever the test looked at. */
async function assertClean(folder: string, ledger: DevLedger): Promise<void> {
  const homes = [join(folder, "enterprise"), join(folder, "platform")];
  const { findings } = await checkCoordinatorStore({ stateDir: join(folder, "coordinator"), homes, ledger });
  if (findings.length > 0) throw new Error(`fsck found:\n${findings.map((f) => `${f.kind} ${f.check}: ${f.subject}: ${f.says}`).join("\n")}`);
}

export interface Relay {
  readonly authority: string;
  readonly server: Server;
  to(url: string): void;
  readonly traffic: () => Buffer;
}

/** Passes bytes on and keeps a copy of them: what somebody on the coordinator's network sees. */
export async function recordingRelay(): Promise<Relay> {
  const seen: Buffer[] = [];
  let target = { host: "127.0.0.1", port: 0 };
  const server = createServer((near) => {
    const far = connect(target);
    near.on("data", (bytes) => seen.push(bytes));
    far.on("data", (bytes) => seen.push(bytes));
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    authority: `127.0.0.1:${port}`,
    server,
    to: (url) => void (target = { host: new URL(url).hostname, port: Number(new URL(url).port) }),
    traffic: () => Buffer.concat(seen),
  };
}
