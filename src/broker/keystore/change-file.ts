import { acquireLock } from "../file-lock.js";
import type { Entries, ReplaceableKeyFile } from "./entries.js";

const LOCK_WAIT_MS = 10_000;

/** Holds a store's lock while `work` runs. @throws store_locked */
export async function underStoreLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const unlock = await acquireLock(`${path}.lock`, LOCK_WAIT_MS);
  try {
    return await work();
  } finally {
    await unlock();
  }
}

/** Reads, changes and replaces a store's file under its lock. */
export const changeFile = <T>(file: ReplaceableKeyFile, path: string, change: (entries: Entries) => Promise<T>): Promise<T> =>
  underStoreLock(path, async () => {
    const entries = await file.read();
    const result = await change(entries);
    await file.replaceWith(entries);
    return result;
  });
