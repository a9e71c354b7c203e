// The measured worker's entry. Started by whoever plays or owns the hardware; everything that it is told is untrusted.
import { randomBytes } from "node:crypto";
import { readHostMessage, type EnclaveMessage, type HostMessage } from "../src/attestation/quote-channel.js";
import { PROGRAM_IDS } from "../src/proofs/artefacts.js";
import { pinnedKeys } from "../src/proofs/pinned-key.js";
import { VeriteeError } from "../src/protocol/errors.js";
import { artefactsIn } from "../src/prover/artefact-files.js";
import { snarkjsProver, type WarmableProver } from "../src/prover/groth16.js";
import { CoordinatorClient } from "../src/transport/client.js";
import { readConfig } from "./config.js";
import { SimulatedCollector } from "./platforms/simulated.js";
import { register } from "./runtime/boot.js";
import { createWorkerKeys, KEY_LIFETIME_SECONDS } from "./runtime/identity.js";
import { workUntil } from "./runtime/loop.js";
import { DEFAULT_LIMITS, type WorkerLog, type WorkerPorts } from "./runtime/ports.js";

const send = (message: EnclaveMessage): void => void process.send?.(message);
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
const clock = (): number => Math.floor(Date.now() / 1000);

const stop = new AbortController();
const collector = new SimulatedCollector(send);

async function run(config: unknown): Promise<void> {
  const { coordinator, artefacts, hpkeSuite } = readConfig(config);
  const prover = snarkjsProver(artefactsIn(artefacts));
  // Loaded early, so that the first job does not wait for it; a failure shows when a proof asks for it again.
  void warmUp(prover);
  const log: WorkerLog = (level, message, facts) => send({ type: "log", level, message, facts });
  while (!stop.signal.aborted) {
    const keys = createWorkerKeys(random);
    const api = new CoordinatorClient({ url: coordinator, key: keys.signing });
    const ports: WorkerPorts = { api, collector, prover, pinnedKeys, clock, random, hpkeSuite, log, limits: DEFAULT_LIMITS };
    const keysEndAt = clock() + KEY_LIFETIME_SECONDS;
    await register(ports, keys);
    send({ type: "ready", ...keys.identity });
    await workUntil(stop.signal, ports, keys, keysEndAt);
    keys.ledger.fill(0);
  }
}

async function warmUp(prover: WarmableProver): Promise<void> {
  for (const program of PROGRAM_IDS) await prover.warm(program).catch(() => undefined);
}

/** Ends with a code and a log line that name the error, never its cause: the host reads both. */
function end(error: unknown): void {
  const code = error instanceof VeriteeError ? error.code : "internal";
  const detail = error instanceof VeriteeError ? error.message : "unexpected error";
  send({ type: "log", level: "error", message: "worker ended", facts: { code, detail } });
  process.exitCode = 1;
}

let started = false;
process.on("message", (raw) => {
  const message = read(raw);
  if (message === undefined) return;
  collector.receive(message);
  if (message.type === "stop") stop.abort();
  if (message.type !== "config" || started) return;
  started = true;
  void run(message.config).catch(end).finally(() => process.disconnect?.());
});

// No worker outlives its host: nobody else could answer for it.
process.on("disconnect", () => process.exit());

function read(raw: unknown): HostMessage | undefined {
  try {
    return readHostMessage(raw);
  } catch {
    return undefined;
  }
}
