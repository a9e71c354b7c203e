import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";

/** Calls that change what others can see: files, folders, sockets. */
export const EFFECTS = [
  "write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg", "fsync", "fdatasync", "ftruncate", "rename", "link", "unlink", "mkdir",
] as const;
export type Effect = (typeof EFFECTS)[number];

/** The k-th call of one kind by one thread, counted from the moment of attaching. Threads by their place in the process: 0 is the first. */
export interface Site { readonly thread: number; readonly call: Effect; readonly k: number }

export const siteName = ({ thread, call, k }: Site): string => `${call} ${k} of thread ${thread}`;

/** Why calls cannot be watched here; undefined when they can. */
export function straceMissing(): string | undefined {
  const { error, status, stderr } = spawnSync("strace", ["-f", "-e", "trace=none", process.execPath, "-e", "0"], { encoding: "utf8" });
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? undefined : `strace is not permitted to watch a process: ${stderr.trim().split("\n")[0] ?? ""}`;
}

const threadsOf = (pid: number): number[] => readdirSync(`/proc/${pid}/task`).map(Number).sort((a, b) => a - b);

export interface Attached { detach(): Promise<string> }

/** Attaches; resolves when calls are being watched. `detach` answers what strace wrote. */
async function attach(args: readonly string[], pid: number): Promise<Attached> {
  const child = spawn("strace", [...args, "-p", String(pid)], { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  const exited = once(child, "exit");
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      if (line.includes(" attached")) resolve();
    });
    void exited.then(() => { reject(new Error(`strace did not attach: ${lines.join(" | ")}`)); });
  });
  return {
    detach: async () => {
      child.kill("SIGINT");
      await exited;
      return lines.join("\n");
    },
  };
}

/** Every site that a process passes while `act` runs. */
export async function sitesOf(pid: number, act: () => Promise<unknown>): Promise<readonly Site[]> {
  const before = threadsOf(pid);
  const watching = await attach(["-f", "-e", `trace=${EFFECTS.join(",")}`], pid);
  await act();
  const counts = new Map<string, Site>();
  for (const line of (await watching.detach()).split("\n")) {
    const [, tid, call] = /^\[pid\s+(\d+)\] (?:<\.\.\. )?(\w+)\(/.exec(line) ?? [];
    const thread = before.indexOf(Number(tid));
    if (thread < 0 || !EFFECTS.includes(call as Effect)) continue;
    const key = `${thread} ${call ?? ""}`;
    counts.set(key, { thread, call: call as Effect, k: (counts.get(key)?.k ?? 0) + 1 });
  }
  return [...counts.values()].flatMap(({ thread, call, k: last }) => Array.from({ length: last }, (_, i) => ({ thread, call, k: i + 1 })));
}

/** What happens to a call in the place of its effect. */
export type Injection = "signal=SIGKILL" | `error=${"ENOSPC" | "EIO"}`;

/** At the site and no other; with `onward` at every later call of its kind too. */
export function inject(pid: number, { thread, call, k }: Site, injection: Injection, onward = false): Promise<Attached> {
  const tid = threadsOf(pid)[thread];
  if (tid === undefined) throw new Error(`the process has no thread ${thread}`);
  return attach(["-e", `trace=${call}`, "-e", `inject=${call}:${injection}:when=${k}${onward ? "+" : ""}`], tid);
}
