import type { EnclaveMessage } from "../../attestation/quote-channel.js";
import { launchEnclave, type LaunchedEnclave } from "../../simulator/launch.js";
import { SimulatedTee } from "../../simulator/simulated-tee.js";
import { ARTEFACT_DIR, ENCLAVE_BUNDLE } from "../paths.js";
import { clock } from "./system.js";

export interface WorkerOptions {
  readonly coordinator: string;
  readonly onMessage?: (message: Exclude<EnclaveMessage, { type: "quote" }>) => void;
  readonly onOutput?: (line: string) => void;
}

/** Step 3's host: plays the hardware for one worker, which runs in a process of its own. SIMULATED. */
export const startWorker = (options: WorkerOptions): Promise<LaunchedEnclave> =>
  launchEnclave({
    bundlePath: ENCLAVE_BUNDLE,
    config: { coordinator: options.coordinator, artefacts: ARTEFACT_DIR, hpkeSuite: 2, platform: "simulated" },
    tee: SimulatedTee.fromSeed(),
    clock,
    nodeArguments: ["--disable-warning=ExperimentalWarning"],
    ...(options.onMessage === undefined ? {} : { onMessage: options.onMessage }),
    ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
  });
