import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CoordinatorSettings } from "../../../src/coordinator/config.js";
import type { FindBadProofs } from "../../../src/coordinator/outbox/batch.js";
import type { AppraiseWorker } from "../../../src/coordinator/context.js";
import { startCoordinator, type Coordinator } from "../../../src/coordinator/start.js";
import type { DatabaseConfig } from "../../../src/coordinator/store/open.js";
import type { Measurement } from "../../../src/protocol/ids.js";
import { freshDatabase } from "./database.js";
import { FakeChain } from "./fake-chain.js";
import { assertClosedTraces } from "./traces.js";

export const trustingAppraiser: AppraiseWorker = () => ({ measurement: "22".repeat(48) as Measurement, anchor: "sim", simulated: true });

/** The fake ledger takes noise for proofs. */
export const trustingProofCheck: FindBadProofs = () => Promise.resolve([]);

export class LogSink {
  readonly lines: Record<string, unknown>[] = [];
  write(line: string): void {
    this.lines.push(JSON.parse(line) as Record<string, unknown>);
  }
}

/** `stop` leaves the store where it is, `close` checks its traces and removes it. */
export interface Service { readonly url: string; readonly chain: FakeChain; readonly log: LogSink; readonly stateDir: string; readonly database: DatabaseConfig; stop(): Promise<void>; close(): Promise<void>; reopen(): Promise<Service> }

export async function startService(settings: Partial<CoordinatorSettings> = {}, given: { chain?: FakeChain; appraiseWorker?: AppraiseWorker; findBadProofs?: FindBadProofs; now?: () => number } = {}): Promise<Service> {
  const stateDir = settings.stateDir ?? await mkdtemp(join(tmpdir(), "veritee-coordinator-"));
  const database = settings.database ?? await freshDatabase();
  const chain = given.chain ?? new FakeChain();
  const log = new LogSink();
  const coordinator: Coordinator = await startCoordinator(
    { host: "127.0.0.1", port: 0, developmentParameters: true, ...settings, database, stateDir },
    { chain, appraiseWorker: given.appraiseWorker ?? trustingAppraiser, findBadProofs: given.findBadProofs ?? trustingProofCheck, log, ...(given.now === undefined ? {} : { now: given.now }) },
  );
  return {
    url: coordinator.url, chain, log, stateDir, database,
    stop: () => coordinator.close(),
    close: async () => {
      await coordinator.close();
      await assertClosedTraces(stateDir, database);
      await rm(stateDir, { recursive: true, force: true });
    },
    reopen: async () => {
      await coordinator.close();
      return startService({ ...settings, stateDir, database, port: Number(new URL(coordinator.url).port) }, { ...given, chain });
    },
  };
}
