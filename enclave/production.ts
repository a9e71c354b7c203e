// The measured worker's entry for hardware. Nothing that simulates is in this bundle.
import { standaloneHost } from "./host.js";
import { startWorker } from "./worker.js";

startWorker({ host: standaloneHost(process.argv[2]), simulation: undefined });
