import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { CoordinatorSettings } from "../../../src/coordinator/config.js";

export interface CoordinatorProcess {
  readonly url: string;
  readonly pid: number;
  /** From its start until it was ready, in milliseconds. */
  readonly readyMs: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Its standard error: with `logs` all that it logs. */
  readonly said: () => string;
  kill(): Promise<void>;
  /** Lets it end what it is doing. */
  stop(): Promise<void>;
}

export interface CoordinatorSpawn {
  /** Of coordinator-child.ts. */
  readonly script: string;
  readonly settings: CoordinatorSettings;
  readonly chainPort: number;
  /** What runs it, e.g. strace and its options; by default nothing. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logs?: boolean;
}

const READY_MS = 30_000;
/** One thread for files, so that the order of its calls is the same in every run. */
const ENVIRONMENT = { UV_THREADPOOL_SIZE: "1" };

/** Resolves when it is ready. @throws Error with the code that it refused to start with, or the signal that ended it */
export async function spawnCoordinator({ script, settings, chainPort, wrapper = [], env = {}, logs = false }: CoordinatorSpawn): Promise<CoordinatorProcess> {
  const started = performance.now();
  const [command, ...args] = [...wrapper, process.execPath, script] as [string, ...string[]];
  const child = spawn(command, args, { stdio: "pipe", env: { PATH: process.env["PATH"] ?? "", ...ENVIRONMENT, ...env } });
  const kill = killer(child);
  // Registered before anything can end it.
  const exited = once(child, "exit").then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
  let said = "";
  child.stderr?.on("data", (part: Buffer) => { said = `${said}${part.toString()}`.slice(-20_000); });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(JSON.stringify({ developmentParameters: true, ...settings, chainPort, logs }));
  try {
    const { url, pid } = await firstLine(child, exited, () => said);
    // Whatever wraps it ends with it.
    const end = (signal: "SIGKILL" | "SIGTERM") => async (): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) process.kill(pid, signal);
      await exited;
    };
    await ready(url, exited).catch(async (error: unknown) => {
      await end("SIGKILL")();
      throw error;
    });
    return { url, pid, readyMs: performance.now() - started, exited, said: () => said, kill: end("SIGKILL"), stop: end("SIGTERM") };
  } catch (error) {
    await kill();
    throw error;
  }
}

async function firstLine(child: ChildProcess, exited: CoordinatorProcess["exited"], said: () => string): Promise<{ readonly url: string; readonly pid: number }> {
  const line = new Promise<string>((resolve) => { createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve); });
  const gone = exited.then(({ code, signal }) => { throw new Error(`the coordinator ended at its start: ${signal ?? code ?? ""} ${said()}`); });
  const { url, pid, code } = JSON.parse(await Promise.race([line, gone])) as { url?: string; pid?: number; code?: string };
  if (url === undefined || pid === undefined) throw new Error(`the coordinator did not start: ${code ?? ""}`);
  return { url, pid };
}

async function ready(url: string, exited: CoordinatorProcess["exited"]): Promise<void> {
  const end = performance.now() + READY_MS;
  let gone = false;
  void exited.then(() => { gone = true; });
  for (;;) {
    if (gone) throw new Error("the coordinator ended before it was ready");
    const answer = await fetch(new URL("/readyz", url)).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
    if (performance.now() > end) throw new Error(`the coordinator is not ready: ${answer?.status ?? "no answer"}`);
    await sleep(20);
  }
}

/** A test that ends early must not leave processes behind. */
function killer(child: ChildProcess): () => Promise<void> {
  const atExit = (): void => void child.kill("SIGKILL");
  process.once("exit", atExit);
  child.once("exit", () => process.off("exit", atExit));
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
}
