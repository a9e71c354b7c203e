import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { evidenceToJson, readEnclaveMessage, requestedReportData, type EnclaveMessage, type HostMessage } from "../attestation/quote-channel.js";
import { VeriteeError } from "../protocol/errors.js";
import type { Measurement } from "../protocol/ids.js";
import { measureBundle } from "./measure.js";
import type { SimulatedTee } from "./simulated-tee.js";

export interface LaunchOptions {
  /** One self-contained ES module file: the measured set. */
  readonly bundlePath: string;
  /** Sent to the enclave as is; the enclave trusts none of it. Plain JSON. */
  readonly config: unknown;
  readonly tee: SimulatedTee;
  /** Unix seconds. */
  readonly clock: () => number;
  /** Every message but quote requests, which are answered here. */
  readonly onMessage?: (message: Exclude<EnclaveMessage, { type: "quote" }>) => void;
  /** A line of the child's stdout or stderr: crashes, warnings. */
  readonly onOutput?: (line: string) => void;
  /** The child's whole environment; nothing is inherited but PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArguments?: readonly string[];
}

export interface EnclaveExit { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export interface LaunchedEnclave {
  readonly measurement: Measurement;
  readonly pid: number;
  /** Resolves with the ready message; rejects when the enclave ends first. */
  readonly ready: Promise<Extract<EnclaveMessage, { type: "ready" }>>;
  readonly exited: Promise<EnclaveExit>;
  /** Asks it to stop, kills it after the time, resolves when it is gone. */
  stop(graceMilliseconds?: number): Promise<EnclaveExit>;
  kill(): void;
}

/**
 * Plays the hardware: measures the bundle, runs exactly the measured bytes in a process of their own, and answers that
 * process's quote requests for that measurement and no other.
 */
export async function launchEnclave(options: LaunchOptions): Promise<LaunchedEnclave> {
  const bundle = await readFile(options.bundlePath);
  const measurement = measureBundle(bundle);
  const folder = await mkdtemp(join(tmpdir(), "veritee-enclave-"));
  // A private copy of the measured bytes, so that the file cannot change between measuring and running.
  const copy = join(folder, basename(options.bundlePath));
  await writeFile(copy, bundle, { mode: 0o400 });
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), copy], {
    cwd: folder, env: { PATH: process.env.PATH ?? "", ...options.env }, stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  return supervise(child, measurement, folder, options);
}

function supervise(child: ChildProcess, measurement: Measurement, folder: string, options: LaunchOptions): LaunchedEnclave {
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const exited = ended(child).finally(async () => {
    process.off("exit", kill);
    await rm(folder, { recursive: true, force: true });
  });
  forwardOutput(child, options);
  const ready = answer(child, measurement, exited, options);
  send(child, { type: "config", config: options.config });
  const stop = async (graceMilliseconds = 5000): Promise<EnclaveExit> => {
    send(child, { type: "stop" });
    const timer = setTimeout(kill, graceMilliseconds);
    return exited.finally(() => clearTimeout(timer));
  };
  return { measurement, pid: child.pid ?? -1, ready, exited, stop, kill };
}

async function ended(child: ChildProcess): Promise<EnclaveExit> {
  const failed = once(child, "error").then(() => ({ code: null, signal: null }));
  const closed = once(child, "close").then(([code, signal]) => ({ code, signal }) as EnclaveExit);
  return Promise.race([closed, failed]);
}

function answer(child: ChildProcess, measurement: Measurement, exited: Promise<EnclaveExit>, options: LaunchOptions): LaunchedEnclave["ready"] {
  const ready = new Promise<Extract<EnclaveMessage, { type: "ready" }>>((resolve, reject) => {
    child.on("message", (raw) => {
      try {
        const message = readEnclaveMessage(raw);
        if (message.type === "quote") return send(child, quoteReply(message, measurement, options));
        if (message.type === "ready") resolve(message);
        options.onMessage?.(message);
      } catch {
        options.onOutput?.("the enclave sent a message that is not understood");
      }
    });
    void exited.then(({ code, signal }) => reject(
      new VeriteeError("internal", "the enclave ended before it was ready", { code: code ?? "none", signal: signal ?? "none" })));
  });
  // A caller that does not wait for readiness must not be ended by its failure.
  ready.catch(() => undefined);
  return ready;
}

function quoteReply(message: Extract<EnclaveMessage, { type: "quote" }>, measurement: Measurement, { tee, clock }: LaunchOptions): HostMessage {
  try {
    const evidence = tee.quote(measurement, requestedReportData(message.reportData), clock());
    return { type: "quote-reply", id: message.id, evidence: evidenceToJson(evidence) };
  } catch (cause) {
    return { type: "quote-error", id: message.id, message: cause instanceof Error ? cause.message : "no quote" };
  }
}

/** A channel that has closed means a child that is ending: nobody is left to tell. */
const send = (child: ChildProcess, message: HostMessage): void => {
  if (child.connected) child.send(message, () => undefined);
};

function forwardOutput(child: ChildProcess, { onOutput }: LaunchOptions): void {
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) forwardLines(stream, onOutput);
}

function forwardLines(stream: Readable, onOutput: LaunchOptions["onOutput"]): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => onOutput?.(line));
}
