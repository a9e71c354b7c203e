import { randomBytes } from "node:crypto";
import { mkdir, open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { VeriteeError } from "../protocol/errors.js";

/** The embedded database takes log files of 16 MiB at a time, and must never find that there is no room for one. */
const ROOM_BYTES = 48 << 20;
const PROBE_BYTES = 4096;

/** Whether a folder takes what is written to it. */
export type DiskState = "ok" | "full" | "failing";

/** Writes a page, brings it to the disk and removes it. */
export async function probeFolder(folder: string): Promise<DiskState> {
  const path = join(folder, `.probe.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(new Uint8Array(PROBE_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
    return "ok";
  } catch (error) {
    return isFull(error) ? "full" : "failing";
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** @throws storage_full, store_failed */
export async function ensureRoom(folder: string): Promise<void> {
  const state = await probeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  if (state === "full" || bavail * bsize < ROOM_BYTES) throw new VeriteeError("storage_full", "there is no room for the store", { needed: ROOM_BYTES });
  if (state === "failing") throw new VeriteeError("store_failed", "the store's folder cannot be written to");
}

const FULL = ["ENOSPC", "EDQUOT"];
const isFull = (error: unknown): boolean => FULL.includes((error as NodeJS.ErrnoException).code ?? "");
