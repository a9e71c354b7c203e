// The host of the demo's worker: plays the hardware; the enclave is a process below it.
import { startWorker } from "../../roles/worker.js";
import type { LaunchedEnclave } from "../../../simulator/launch.js";
import type { HandlersOf, WorkerCalls } from "../roles.js";
import { serve } from "../rpc.js";

let enclave: LaunchedEnclave | undefined;
const timings = new Map<string, Readonly<Record<string, number>>>();

serve({
  start: async ({ coordinator }) => {
    enclave = await startWorker({
      coordinator,
      onMessage: (message) => {
        if (message.type !== "log") return;
        const { job, ...rest } = message.facts;
        if (message.message === "job finished") timings.set(String(job), rest as Record<string, number>);
        else if (message.level !== "info" && message.level !== "debug") process.stderr.write(`worker: ${message.message} ${JSON.stringify(message.facts)}\n`);
      },
      onOutput: (line) => process.stderr.write(`worker: ${line}\n`),
    });
    await enclave.ready;
    return { measurement: enclave.measurement };
  },
  timings: async ({ job }) => timings.get(job) ?? {},
} satisfies HandlersOf<WorkerCalls>, async () => void (await enclave?.stop()));

