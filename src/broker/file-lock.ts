import { link, mkdir, readFile, rmdir, unlink, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { VeriteeError } from "../protocol/errors.js";

const RETRY_MS = 25;
/** Locks of this process: a lock file with our id that is not among them is of an earlier process with the same id. */
const held = new Map<string, symbol>();
let attempts = 0;

/**
 * Takes a lock file, waiting at most `waitMilliseconds`, and returns how to give it back. A lock whose process has ended
 * is taken over. Good between processes of one machine, not over a network file system.
 * @throws store_locked naming the holder
 */
export async function acquireLock(path: string, waitMilliseconds: number): Promise<() => Promise<void>> {
  for (let waited = 0; ; waited += RETRY_MS) {
    if (await create(path)) {
      const own = Symbol(path);
      held.set(path, own);
      return async () => {
        await unlink(path).catch(() => undefined);
        // The next holder may be in this process and have said so already.
        if (held.get(path) === own) held.delete(path);
      };
    }
    const holder = await holderOf(path);
    if (holder !== undefined && !isHolding(holder, path) && (await removeStale(path, holder))) continue;
    if (waited >= waitMilliseconds) throw new VeriteeError("store_locked", "another process holds the lock", { lock: path, process: holder ?? "unknown" });
    await sleep(RETRY_MS);
  }
}

/** The file appears with its content or not at all. */
async function create(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}.${attempts++}`;
  await writeFile(own, String(process.pid), { mode: 0o600 });
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await unlink(own);
  }
}

/** Undefined when the lock has just gone. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function isHolding(pid: number, path: string): boolean {
  if (pid === process.pid) return held.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

/** One process at a time, which looks again: two that found the same dead holder must not remove each other's new lock. */
async function removeStale(path: string, holder: number): Promise<boolean> {
  const turn = `${path}.takeover`;
  try {
    await mkdir(turn);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  try {
    if ((await holderOf(path)) === holder) await unlink(path);
    return true;
  } finally {
    await rmdir(turn);
  }
}

export const hasCode = (error: unknown, code: string): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === code;
