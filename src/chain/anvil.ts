import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync } from "node:fs";
import { createRequire } from "node:module";
import { VeriteeError } from "../protocol/errors.js";

/** A running anvil and its URL. */
export interface Anvil {
  readonly child: ChildProcess;
  readonly rpcUrl: string;
  /** Resolves when the process has ended for whatever reason. */
  readonly ended: Promise<void>;
}

const START_TIMEOUT_MS = 15_000;

/** Where a chain listens; port 0 takes a free one. */
export interface ListenAt { readonly host: string; readonly port: number }
const OURS_ALONE: ListenAt = { host: "127.0.0.1", port: 0 };

/** Starts anvil; it ends at the latest when we do. `rpcUrl` is this machine's way to it. @throws chain_unavailable */
export async function startAnvil(args: readonly string[], { host, port } = OURS_ALONE): Promise<Anvil> {
  const child = launch(anvilBinary(), ["--host", host, "--port", String(port), ...args]);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  void ended.then(() => {
    process.removeListener("exit", kill);
    child.stdin?.end("done\n");
  });
  return { child, ended, rpcUrl: await listening(child) };
}

/** @throws chain_unavailable naming the package that is missing */
function anvilBinary(): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/bin/anvil${process.platform === "win32" ? ".exe" : ""}`);
    // Some package stores drop the executable bit.
    if (process.platform !== "win32") chmodSync(path, 0o755);
    return path;
  } catch (cause) {
    throw new VeriteeError("chain_unavailable",
      "the development chain is not installed for this platform: install with optional packages, or configure an RPC URL",
      { package: name }, { cause });
  }
}

/**
 * On a shell, a watchdog waits on our end of a pipe, which closes however we die, kill -9 included. exec keeps the
 * process id, so that signals and exit codes are anvil's own. In a group of its own, Ctrl-C reaches us only and we decide
 * when the chain goes.
 */
function launch(binary: string, args: readonly string[]): ChildProcess {
  if (process.platform === "win32") return spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
  const script = 'exec 3<&0; (read -r _ <&3 || kill -INT $$) >/dev/null 2>&1 & exec "$0" "$@" </dev/null 3<&-';
  return spawn("/bin/sh", ["-c", script, binary, ...args], { stdio: ["pipe", "pipe", "pipe"], detached: true });
}

/** The URL that anvil says it listens on: a port of its own choice, so that no two of us race for one. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (message: string, cause?: unknown): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new VeriteeError("chain_unavailable", message, { output: said.slice(-400).trim() }, { cause }));
    };
    const timer = setTimeout(() => fail("the development chain did not start in time"), START_TIMEOUT_MS);
    const onExit = (): void => fail("the development chain ended at its start");
    child.once("error", (cause) => fail("the development chain cannot be started", cause));
    child.once("exit", onExit);
    const onOutput = (chunk: Buffer): void => {
      said += chunk.toString("utf8");
      const port = /Listening on (?:127\.0\.0\.1|0\.0\.0\.0):(\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      child.removeListener("exit", onExit);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.removeListener("data", onOutput);
        stream?.resume(); // keeps draining: a full pipe would stop the chain
      }
      resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout?.on("data", onOutput);
    child.stderr?.on("data", onOutput);
  });
}
