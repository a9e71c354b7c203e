import { Command } from "commander";
import { DATASET_CIRCUITS } from "../../proofs/artefacts.js";
import { prepareArtefacts } from "../artefacts.js";
import { ensureMaySimulate } from "../profile.js";
import { startWorker } from "../roles/worker.js";
import { openSpans } from "../tracing/open.js";
import { workerSpans } from "../tracing/worker-spans.js";
import { untilInterrupted } from "../until-interrupted.js";

export const workerCommand = (): Command =>
  new Command("worker")
    .description("Run a worker: a SIMULATED enclave in a process of its own. It gives no confidentiality.")
    .requiredOption("--coordinator <url>", "the coordinator's address")
    .option("--datasets", "prove enterprises' datasets too: sets up the circuits for it first, which takes minutes")
    .addHelpText("after", "\nLog lines go to standard output as JSON.\n\nExample:\n  veritee worker --coordinator http://127.0.0.1:8080")
    .action(async (options: { coordinator: string; datasets?: boolean }) => {
      ensureMaySimulate("a simulated worker");
      await prepareArtefacts();
      if (options.datasets === true) await prepareArtefacts(DATASET_CIRCUITS);
      const spans = await openSpans("worker");
      const trace = workerSpans(spans, Date.now);
      const enclave = await startWorker({
        coordinator: options.coordinator,
        onMessage: (message) => {
          process.stdout.write(`${JSON.stringify(message)}\n`);
          trace(message);
        },
        onOutput: (line) => void process.stderr.write(`${line}\n`),
      });
      process.stdout.write(`${JSON.stringify({ type: "launched", simulated: true, measurement: enclave.measurement })}\n`);
      const { code } = await untilInterrupted(enclave.exited, () => enclave.stop());
      await spans.close();
      process.exitCode = code ?? 1;
    });
