import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { VeriteeError } from "../../protocol/errors.js";

const FILE_NAME = "coordinator.lock";

const holderSchema = z.strictObject({
  pid: z.int().positive(),
  /** When the process began, in the kernel's own ticks: a number used again after a restart is another process. */
  startTicks: z.string(),
  /** Differs for every lock, so that a release removes its own and no other. */
  token: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

export interface FolderLock { release(): Promise<void> }

/**
 * Locks a state folder for this process. PGlite itself lets a second process open the same folder and silently loses rows.
 * The lock of a process that is gone is taken over.
 * @throws store_locked
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, FILE_NAME);
  const mine: Holder = { pid: process.pid, startTicks: await startTicks(process.pid), token: randomBytes(8).toString("hex") };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await createExclusively(path, mine)) return { release: () => release(path, mine) };
    await removeIfStale(path);
  }
  throw new VeriteeError("store_locked", "another process keeps taking the folder's lock", { folder });
}

/** Written apart and linked into place, so that nobody reads half a lock. */
async function createExclusively(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${holder.token}`;
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errno(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeIfStale(path: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder === undefined) return;
  if (await isAlive(holder)) {
    throw new VeriteeError("store_locked", "the folder is in use by another process", { pid: holder.pid });
  }
  // Two processes may find the same stale lock. Moved aside first, so that neither removes what the other then created.
  const aside = `${path}.stale.${randomBytes(8).toString("hex")}`;
  await rename(path, aside).catch(ignoreMissing);
  const moved = await readHolder(aside);
  if (moved !== undefined && moved.token !== holder.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(path: string, mine: Holder): Promise<void> {
  const holder = await readHolder(path);
  if (holder?.token === mine.token) await rm(path, { force: true });
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, "utf8").catch(ignoreMissing);
  if (text === undefined) return undefined;
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new VeriteeError("store_locked", "the folder has a lock file that cannot be read", { file: FILE_NAME }, { cause });
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return errno(error) === "EPERM";
  }
  return (await startTicks(holder.pid)) === holder.startTicks;
}

/** Field 22 of /proc/PID/stat; empty where there is no such file, which then compares equal. */
async function startTicks(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

const errno = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function ignoreMissing(error: unknown): undefined {
  if (errno(error) === "ENOENT") return undefined;
  throw error;
}
