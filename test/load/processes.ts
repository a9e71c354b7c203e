import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** One place of the cluster: a process that runs there, is killed, and is started again after a pause. */
export interface Place {
  readonly name: string;
  readonly running: boolean;
  /** Most memory that any process at this place has had, in MiB; 0 where the system does not tell. */
  readonly peakMiB: () => number;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Lets it end what it is doing. */
  stop(): Promise<void>;
}

interface Process { readonly pid: number; kill(): Promise<void>; stop(): Promise<void> }

export function placeOf(name: string, launch: () => Promise<Process>): Place {
  let process: Process | undefined;
  let peak = 0;
  const look = (): number => (peak = Math.max(peak, process === undefined ? 0 : peakOf(process.pid)));
  const end = async (how: "kill" | "stop"): Promise<void> => {
    look();
    const ending = process;
    process = undefined;
    await ending?.[how]();
  };
  return {
    name,
    get running() { return process !== undefined; },
    peakMiB: look,
    start: async () => { process = await launch(); },
    kill: () => end("kill"),
    stop: () => end("stop"),
  };
}

function peakOf(pid: number): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Math.round(Number(kib ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** Runs a script with its settings as JSON on standard input; ready when it has said its first line. `failed` hears of an end of its own. */
export async function launchScript(script: string, settings: unknown, failed: (said: string) => void): Promise<Process> {
  const child = spawn(process.execPath, [script], { stdio: "pipe", env: { PATH: process.env["PATH"] ?? "" } });
  let said = "";
  let wanted = false;
  child.stderr.on("data", (part: Buffer) => { said = `${said}${part.toString()}`.slice(-4000); });
  child.stdin.on("error", () => undefined);
  const gone = once(child, "exit");
  const atExit = (): void => void child.kill("SIGKILL");
  process.once("exit", atExit);
  void gone.then(() => {
    process.off("exit", atExit);
    if (!wanted) failed(said);
  });
  child.stdin.end(JSON.stringify(settings));
  const end = async (): Promise<void> => {
    wanted = true;
    child.kill("SIGKILL");
    await gone;
  };
  await Promise.race([once(child.stdout, "data"), gone]);
  return { pid: child.pid ?? -1, kill: end, stop: end };
}
