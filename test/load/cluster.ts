import { join } from "node:path";
import type { CoordinatorSettings } from "../../src/coordinator/config.js";
import type { PartyKey } from "../../src/protocol/ids.js";
import type { FakeChain } from "../coordinator/harness/fake-chain.js";
import { bundleScript } from "../faults/harness/bundle.js";
import { spawnCoordinator } from "../faults/harness/coordinator-process.js";
import { launchScript, placeOf, type Place } from "./processes.js";
import type { StubWorkerSettings } from "./stub-worker.js";

export interface LoadCluster {
  readonly urls: readonly string[];
  readonly coordinators: readonly Place[];
  /** What nobody expected, of processes that were not killed. */
  readonly unexpected: readonly string[];
  /** Starts so many workers with stubbed proofs, whose results are for these parties. */
  startStubWorkers(count: number, parties: readonly PartyKey[], chain: FakeChain): Promise<readonly Place[]>;
  /** First the workers, then the coordinators, which end what they are doing. */
  stop(): Promise<void>;
}

/** Coordinators in processes of their own over one database and one folder of blobs. */
export async function startCoordinators(count: number, settings: CoordinatorSettings, chainPort: number): Promise<LoadCluster> {
  const scripts = { coordinator: await bundleScript(join(import.meta.dirname, "../faults/harness/coordinator-child.ts")), worker: await bundleScript(join(import.meta.dirname, "stub-worker.ts")) };
  const urls: string[] = [];
  const unexpected: string[] = [];
  const coordinators = Array.from({ length: count }, (_, i) => placeOf(`coordinator ${i + 1}`, async () => {
    const started = await spawnCoordinator({ script: scripts.coordinator.path, settings: { ...settings, port: portOf(urls[i]) }, chainPort });
    urls[i] = started.url;
    return started;
  }));
  for (const place of coordinators) await place.start();
  const workers: Place[] = [];
  return {
    urls, coordinators, unexpected,
    startStubWorkers: async (wanted, parties, { deployment }) => {
      for (let i = 0; i < wanted; i++) {
        const given: StubWorkerSettings = { urls, first: i, parties, deployment };
        workers.push(placeOf(`worker ${i + 1}`, () => launchScript(scripts.worker.path, given, (said) => unexpected.push(`worker ${i + 1} ended by itself: ${said}`))));
      }
      await Promise.all(workers.map((place) => place.start()));
      return workers;
    },
    stop: async () => {
      await Promise.all(workers.map((place) => place.kill()));
      await Promise.all(coordinators.map((place) => place.stop()));
      await Promise.all([scripts.coordinator.remove(), scripts.worker.remove()]);
    },
  };
}

const portOf = (url: string | undefined): number => (url === undefined ? 0 : Number(new URL(url).port));
