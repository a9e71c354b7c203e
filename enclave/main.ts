// The measured worker's entry for development: may take the simulator's evidence, when its host asks for it by name.
import { processHost, standaloneHost } from "./host.js";
import { SimulatedCollector } from "./platforms/simulated.js";
import { startWorker } from "./worker.js";

const host = process.send === undefined ? standaloneHost(process.argv[2]) : processHost();
const simulation = new SimulatedCollector((message) => host.send(message));
host.onMessage((message) => simulation.receive(message));
startWorker({ host, simulation });
