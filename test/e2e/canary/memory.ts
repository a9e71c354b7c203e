import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { Search } from "./needles.js";

/** Whether another process's memory can be read here: on Linux, as its parent or as root. */
export function memoryReadable(pid: number): boolean {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, "r"));
    return true;
  } catch {
    return false;
  }
}

interface Region { readonly from: number; readonly to: number }

/** What gcore would write: every readable region but those of the kernel. */
function regionsOf(pid: number): Region[] {
  return readFileSync(`/proc/${pid}/maps`, "utf8").split("\n").flatMap((line) => {
    const [, from, to, mode = "", name = ""] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || !mode.startsWith("r") || ["[vvar]", "[vvar_vclock]", "[vsyscall]"].includes(name)) return [];
    return [{ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }];
  });
}

const STEP = 16 << 20;

export interface MemoryReport { readonly bytes: number; readonly found: ReadonlyMap<string, number> }

/** Stops a process, searches all of its memory, and lets it go on. */
export function searchMemory(pid: number, search: Search): MemoryReport {
  const found = new Map<string, number>();
  let bytes = 0;
  process.kill(pid, "SIGSTOP");
  try {
    const memory = openSync(`/proc/${pid}/mem`, "r");
    const buffer = Buffer.alloc(STEP + search.longest);
    for (const { from, to } of regionsOf(pid)) {
      // Steps overlap by the longest needle, so that none is cut; a hit in the overlap may count twice.
      for (let at = from; at < to; at += STEP) {
        const got = readSome(memory, buffer, at, Math.min(buffer.length, to - at));
        search.in(buffer.subarray(0, got), found);
        bytes += Math.min(got, STEP);
      }
    }
    closeSync(memory);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  return { bytes, found };
}

/** Regions that are reserved and not there cannot be read. */
function readSome(file: number, buffer: Buffer, at: number, length: number): number {
  try {
    return readSync(file, buffer, 0, length, at);
  } catch {
    return 0;
  }
}
