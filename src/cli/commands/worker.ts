import { Command } from "commander";
import { prepareArtefacts } from "../artefacts.js";
import { ensureMaySimulate } from "../profile.js";
import { startWorker } from "../roles/worker.js";
import { untilInterrupted } from "../until-interrupted.js";

export const workerCommand = (): Command =>
  new Command("worker")
    .description("Run a worker: a SIMULATED enclave in a process of its own. It gives no confidentiality.")
    .requiredOption("--coordinator <url>", "the coordinator's address")
    .addHelpText("after", "\nLog lines go to standard output as JSON.\n\nExample:\n  veritee worker --coordinator http://127.0.0.1:8080")
    .action(async (options: { coordinator: string }) => {
      ensureMaySimulate("a simulated worker");
      await prepareArtefacts();
      const enclave = await startWorker({
        coordinator: options.coordinator,
        onMessage: (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
        onOutput: (line) => void process.stderr.write(`${line}\n`),
      });
      process.stdout.write(`${JSON.stringify({ type: "launched", simulated: true, measurement: enclave.measurement })}\n`);
      const { code } = await untilInterrupted(enclave.exited, () => enclave.stop());
      process.exitCode = code ?? 1;
    });
