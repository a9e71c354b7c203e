import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { VeriteeError } from "../../protocol/errors.js";
import { prepareArtefacts } from "../artefacts.js";
import { builtMeasurement } from "../measurement.js";
import { STATE_DIR } from "../paths.js";
import { programByName } from "../../programs/registry.js";
import { progress, type Progress } from "../progress.js";
import { openDevLedger, type DevLedger } from "../roles/ledger.js";
import { datasetCircuits } from "../roles/prove-dataset.js";
import { play, type DemoResult, type Stage } from "./play.js";
import { Processes } from "./processes.js";
import type { LoadRequest } from "./roles.js";
import type { RoleEvent } from "./rpc.js";

export interface DemoRequest extends Omit<LoadRequest, "homes"> {
  readonly model: string | undefined;
  readonly proved: boolean;
  readonly say: (text: string) => void;
}

export interface DemoRun {
  readonly results: readonly DemoResult[];
  readonly failed: readonly { readonly applicant: string; readonly error: string }[];
}

/** Plays every role, each in its own process, on state that later runs go on with. Stops everything it started, whatever happens. */
export async function runDemo(request: DemoRequest): Promise<DemoRun> {
  const { say } = request;
  const folder = join(STATE_DIR, "demo");
  const runFolder = join(folder, "runs", `${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}`);
  await mkdir(runFolder, { recursive: true, mode: 0o700 });
  await prepareArtefacts();
  const measurement = await builtMeasurement();

  const bars = new StepBars();
  const processes = new Processes((_, event) => bars.show(event));
  let ledger: DevLedger | undefined;
  const stopAll = async (): Promise<void> => {
    await processes.stop();
    await ledger?.stop();
  };
  const interrupted = (): void => void stopAll().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    processes.start("coordinator", "worker", "enterprise", "platform", "verifier");
    const loading = processes.call("enterprise", "load", { ...loadOf(request), homes: join(runFolder, "enterprises") });
    loading.catch(() => undefined); // awaited below
    ledger = await openDevLedger(join(folder, "ledger"), (step) => say(`           deployed ${step}`));
    say(`ledger       ${ledger.fresh ? "new " : ""}development chain ${ledger.deployment.chainId} at ${ledger.rpcUrl}`);
    const loaded = await loading;
    for (const warning of loaded.warnings) say(warning);

    if (request.proved) await prepareArtefacts(datasetCircuits(programByName(loaded.program).id));
    const { rpcUrl, deployment, registrarKey } = ledger;
    const { url } = await processes.call("coordinator", "start", { stateDir: join(folder, "coordinator"), rpcUrl, deployment, registrarKey, measurement });
    say(`coordinator  ${url}, sees ciphertext only`);
    const [worker, { party }] = await Promise.all([
      processes.call("worker", "start", { coordinator: url }),
      processes.call("platform", "start", { home: join(runFolder, "platform"), coordinator: url, program: loaded.program, model: request.model }),
    ]);
    say(`worker       SIMULATED enclave, measurement ${worker.measurement.slice(0, 16)}..., registered on the ledger`);
    say(`platform     ${party.slice(0, 16)}..., model committed and sealed`);
    if (worker.measurement !== measurement) throw new VeriteeError("evidence_measurement", "the worker is not the enclave of this build", { expected: measurement, found: worker.measurement });

    const stage: Stage = { processes, coordinator: url, rpcUrl, deployment, platform: party, measurement, program: loaded.program, receipts: join(runFolder, "receipts"), proved: request.proved, say };
    return await playAll(stage, loaded.applicants);
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    await stopAll();
  }
}

const loadOf = ({ program, data, applicants, limit, seed }: DemoRequest): Omit<LoadRequest, "homes"> => ({ program, data, applicants, limit, seed });

/** One applicant's failure must not hide the others' results. */
async function playAll(stage: Stage, applicants: readonly string[]): Promise<DemoRun> {
  const results: DemoResult[] = [];
  const failed: { applicant: string; error: string }[] = [];
  for (const [i, applicant] of applicants.entries()) {
    stage.say(`\n${applicant} (${i + 1} of ${applicants.length})`);
    try {
      results.push(await play(stage, applicant));
    } catch (error) {
      const text = error instanceof VeriteeError ? error.describe() : String(error);
      stage.say(`FAILED     ${text}`);
      failed.push({ applicant, error: text });
    }
  }
  return { results, failed };
}

/** A bar for a step once it has lasted a second; short steps need none. */
class StepBars {
  #step = "";
  #since = 0;
  #bar: Progress | undefined;

  show({ step, done, total, note }: RoleEvent): void {
    if (step !== this.#step) {
      this.#bar?.end();
      this.#bar = undefined;
      this.#step = step;
      this.#since = Date.now();
    }
    if (this.#bar === undefined && Date.now() - this.#since < 1000) return;
    this.#bar ??= progress(`           ${step}`);
    this.#bar.update(done, total, note);
    if (done < total) return;
    this.#bar.end();
    this.#bar = undefined;
    this.#since = Date.now();
  }
}
