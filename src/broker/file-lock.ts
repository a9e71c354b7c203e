import { open, readFile, unlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { VeriteeError } from "../protocol/errors.js";

const RETRY_MS = 25;

/**
 * Takes a lock file, waiting at most `waitMilliseconds`, and returns how to give it back. A lock whose process has ended
 * is taken over. Good between processes of one machine, not over a network file system.
 * @throws store_locked naming the holder
 */
export async function acquireLock(path: string, waitMilliseconds: number): Promise<() => Promise<void>> {
  for (let waited = 0; ; waited += RETRY_MS) {
    if (await create(path)) return () => unlink(path).catch(() => undefined);
    const holder = await holderOf(path);
    if (holder !== undefined && !isAlive(holder)) await unlink(path).catch(() => undefined);
    else if (waited >= waitMilliseconds) throw new VeriteeError("store_locked", "another process holds the lock", { lock: path, process: holder ?? "unknown" });
    else await sleep(RETRY_MS);
  }
}

async function create(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "wx", 0o600);
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Undefined while the holder has not written its id yet, or the lock has just gone. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

export const hasCode = (error: unknown, code: string): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === code;
