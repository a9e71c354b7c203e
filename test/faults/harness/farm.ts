// Real workers in processes of their own (the simulated TEE, the bundled enclave), real brokers, a real ledger and one coordinator.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIMULATION_ANCHORS } from "../../../src/attestation/roots.js";
import { builtMeasurement } from "../../../src/cli/measurement.js";
import { ENCLAVE_BUNDLE } from "../../../src/cli/paths.js";
import { openCoordinator } from "../../../src/cli/roles/coordinator.js";
import { brokerForData, issueGrant, sealDataset } from "../../../src/cli/roles/enterprise.js";
import { checkCoordinatorStore } from "../../../src/cli/roles/fsck.js";
import { createHome } from "../../../src/cli/roles/home.js";
import { openDevLedger, type DevLedger } from "../../../src/cli/roles/ledger.js";
import { addModel, brokerForModels, clientOf, openJob, orderJob } from "../../../src/cli/roles/platform.js";
import { verifyFile } from "../../../src/cli/roles/verifier.js";
import { startWorker } from "../../../src/cli/roles/worker.js";
import type { DatabaseConfig } from "../../../src/coordinator/store/open.js";
import type { Program } from "../../../src/programs/program.js";
import { partyKey, type JobId } from "../../../src/protocol/ids.js";
import type { JobRequest, Signed } from "../../../src/protocol/objects/index.js";
import { edgeDataset } from "../../e2e/datasets.js";
import { killRelay, type Moment, type Verdict } from "./kill-relay.js";

export type Job = Signed<JobRequest, JobId>;

export interface FarmWorker {
  /** Its signing key, when the coordinator knows it. */
  readonly ready: Promise<string>;
  readonly exited: Promise<unknown>;
  kill(): void;
}

export interface Farm {
  readonly ledger: DevLedger;
  order(): Promise<Job>;
  /** @param onMoment is told before the bytes of the moment are passed on */
  worker(slot: number, onMoment: (moment: Moment) => Verdict): Promise<FarmWorker>;
  stateOf(job: JobId): Promise<string>;
  /** What is wrong with a job's receipt, in words; its result is opened by the platform, too. */
  faultsOf(job: Job): Promise<readonly string[]>;
  /** Stops everything; answers what fsck found then. */
  stop(): Promise<readonly string[]>;
}

const PASSPHRASE = "a passphrase of the tests";

/** @param slots how many workers there are at one time */
export async function openFarm(program: Program, database: DatabaseConfig, slots: number): Promise<Farm> {
  if (!existsSync(ENCLAVE_BUNDLE)) throw new Error("the enclave is not bundled: run `npm run build` first, or `npm test`");
  const folder = await mkdtemp(join(tmpdir(), "veritee-farm-"));
  const stateDir = join(folder, "coordinator");
  await mkdir(stateDir);
  const measurement = await builtMeasurement();
  const ledger = await openDevLedger(join(folder, "ledger"));
  const listeners = new Map<number, (moment: Moment) => Verdict>();
  const relays = await Promise.all(Array.from({ length: slots }, (_, slot) => killRelay((moment) => listeners.get(slot)?.(moment) ?? "deliver")));
  const { rpcUrl, deployment, registrarKey } = ledger;
  const coordinator = await openCoordinator({
    settings: { developmentParameters: true, database, stateDir, port: 0, maxFailures: 100, retrySeconds: 0, batchAgeMs: 200, authorities: relays.map((r) => r.authority) },
    rpcUrl, deployment, registrarKey, measurements: [measurement], simulation: true, log: { write: () => undefined },
  });
  const { url } = coordinator;
  relays.forEach((relay) => { relay.to(url); });
  const home = (role: "enterprise" | "platform") => createHome(join(folder, role), role, PASSPHRASE);
  const [enterprise, platform] = await Promise.all([home("enterprise"), home("platform")]);
  const abort = new AbortController();
  const brokers = [
    brokerForData(enterprise, url, { anchors: SIMULATION_ANCHORS }, abort.signal, () => undefined),
    brokerForModels(platform, url, { anchors: SIMULATION_ANCHORS }, abort.signal, () => undefined),
  ];
  const model = await addModel(platform, url, program, program.defaultModel);
  const { manifest: dataset } = await sealDataset(enterprise, url, program, await edgeDataset(program), () => undefined);
  const rules = { allowedMeasurements: [measurement], allowedAnchors: ["sim"] } as const;
  const grant = await issueGrant(enterprise, url, { dataset, grantee: partyKey(model.signer), purpose: "credit decision", maxUses: 10_000, ...rules });
  const running = new Set<Awaited<ReturnType<typeof startWorker>>>();
  const api = clientOf(platform, url);

  return {
    ledger,
    order: () => orderJob(platform, url, { grant, model, ...rules }),
    worker: async (slot, onMoment) => {
      listeners.set(slot, onMoment);
      const worker = await startWorker({ coordinator: `http://${(relays[slot] as (typeof relays)[number]).authority}` });
      running.add(worker);
      void worker.exited.then(() => running.delete(worker));
      return { ready: worker.ready.then((m) => m.signingKey), exited: worker.exited, kill: worker.kill };
    },
    stateOf: async (job) => (await api.job(job)).state,
    faultsOf: async (job) => {
      const { receipt } = await openJob(platform, url, job, dataset);
      const file = join(folder, "receipt.json");
      await writeFile(file, JSON.stringify(receipt));
      const report = await verifyFile({ file, rpcUrl, deployment, allowDevelopment: true });
      return report.checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`);
    },
    stop: async () => {
      abort.abort();
      await Promise.all(brokers);
      await Promise.all([...running].map((worker) => worker.stop(100)));
      await coordinator.close();
      relays.forEach((relay) => { relay.close(); });
      const homes = [join(folder, "enterprise"), join(folder, "platform")];
      const { findings } = await checkCoordinatorStore({ stateDir, database, homes, ledger });
      await ledger.stop();
      await rm(folder, { recursive: true, force: true });
      return findings.map((f) => `${f.kind} ${f.check}: ${f.subject}: ${f.says}`);
    },
  };
}
