import { randomBytes } from "node:crypto";
import { evidenceToJson } from "../src/attestation/quote-channel.js";
import { DATASET_CIRCUITS, SCORE_CIRCUITS } from "../src/proofs/artefacts.js";
import { pinnedKeys } from "../src/proofs/pinned-key.js";
import { VeriteeError } from "../src/protocol/errors.js";
import { artefactsIn, hasArtefacts } from "../src/prover/artefact-files.js";
import { snarkjsProver, type WarmableProver } from "../src/prover/groth16.js";
import { WorkerClient } from "../src/transport/worker-client.js";
import { readConfig, type WorkerConfig } from "./config.js";
import type { Host } from "./host.js";
import { choosePlatform, type Platforms } from "./platforms/choose.js";
import type { Collector } from "./platforms/collector.js";
import { hardwarePlatforms } from "./platforms/hardware.js";
import { register } from "./runtime/boot.js";
import { createWorkerKeys, KEY_LIFETIME_SECONDS } from "./runtime/identity.js";
import { workUntil } from "./runtime/loop.js";
import { DEFAULT_LIMITS, type WorkerLog, type WorkerPorts } from "./runtime/ports.js";

const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
const clock = (): number => Math.floor(Date.now() / 1000);

export interface WorkerParts {
  readonly host: Host;
  /** Absent in a production bundle: there is then no way to simulated evidence. */
  readonly simulation: Collector | undefined;
  /** This machine's, unless told otherwise. */
  readonly platforms?: (config: WorkerConfig) => Platforms;
}

/** Waits for the host's configuration, then works until the host says stop. */
export function startWorker(parts: WorkerParts): void {
  const { host } = parts;
  const stop = new AbortController();
  let started = false;
  host.onMessage((message) => {
    if (message.type === "stop") stop.abort();
    if (message.type !== "config" || started) return;
    started = true;
    void run(parts, message.config, stop.signal).catch((error: unknown) => end(host, error)).finally(() => host.close());
  });
}

async function run(parts: WorkerParts, raw: unknown, stop: AbortSignal): Promise<void> {
  const { host } = parts;
  const config = readConfig(raw);
  const { coordinator, artefacts, hpkeSuite } = config;
  const log: WorkerLog = (level, message, facts) => host.send({ type: "log", level, message, facts });
  const collector = await chooseCollector(config, parts, log);
  const prover = snarkjsProver(artefactsIn(artefacts));
  // Loaded early, so that the first job does not wait for it; a failure shows when a proof asks for it again.
  void warmUp(prover);
  const provesDatasets = await hasArtefacts(artefacts, DATASET_CIRCUITS);
  while (!stop.aborted) {
    const keys = createWorkerKeys(random);
    const api = new WorkerClient({ url: coordinator, key: keys.signing });
    const ports: WorkerPorts = { api, collector, prover, provesDatasets, pinnedKeys, clock, random, hpkeSuite, log, limits: DEFAULT_LIMITS };
    const keysEndAt = clock() + KEY_LIFETIME_SECONDS;
    await register(ports, keys);
    host.send({ type: "ready", ...keys.identity });
    await workUntil(stop, ports, keys, keysEndAt);
    keys.ledger.fill(0);
  }
}

async function chooseCollector(config: WorkerConfig, { host, simulation, platforms = hardwarePlatforms }: WorkerParts, log: WorkerLog): Promise<Collector> {
  const { collector, platform, found } = await choosePlatform(config.platform, platforms(config), simulation);
  log("info", "evidence source chosen", { platform, asked: config.platform, found: found.join(", "), simulated: collector.simulated });
  // For the operator, who makes a policy of it; bound to nothing, it is good for nothing else.
  if (!collector.simulated) host.send({ type: "event", name: "evidence", data: evidenceToJson(await collector.collect(random(64))) });
  return collector;
}

async function warmUp(prover: WarmableProver): Promise<void> {
  for (const circuit of SCORE_CIRCUITS) await prover.warm(circuit).catch(() => undefined);
}

/** Ends with a code and a log line that name the error, never its cause: the host reads both. */
function end(host: Host, error: unknown): void {
  const code = error instanceof VeriteeError ? error.code : "internal";
  const detail = error instanceof VeriteeError ? error.message : "unexpected error";
  const facts = error instanceof VeriteeError && "field" in error.facts ? { field: String(error.facts.field) } : {};
  host.send({ type: "log", level: "error", message: "worker ended", facts: { code, detail, ...facts } });
  process.exitCode = 1;
}
