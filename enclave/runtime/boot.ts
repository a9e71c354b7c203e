import { reportData } from "../../src/protocol/report-data.js";
import type { WorkerKeys, WorkerPorts } from "./ports.js";

/**
 * Has the worker's keys registered with evidence that binds both to the registrar's challenge. Resolves when the ledger
 * knows the worker: from then on its receipts are accepted.
 * @throws what the collector and the coordinator throw
 */
export async function register({ api, collector, clock, log }: WorkerPorts, { identity }: WorkerKeys): Promise<void> {
  const nonce = await api.workerChallenge();
  const evidence = await collector.collect(reportData({ nonce, worker: identity, release: undefined }));
  await api.registerWorker({ worker: identity, evidence, nonce, appraisedAt: clock() });
  log("info", "worker registered", { worker: identity.signingKey, ledgerAddress: identity.ledgerAddress, simulated: collector.simulated });
}
