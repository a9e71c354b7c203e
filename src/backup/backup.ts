import { mkdir } from "node:fs/promises";
import type { Blobs } from "../coordinator/blobs/blobs.js";
import { folderBlobs } from "../coordinator/blobs/folder.js";
import { ensure } from "../protocol/errors.js";
import { copyBlobs, knownBlobs } from "./blobs.js";
import { dumpTables, type DumpParts } from "./dump-tables.js";
import { digestFile, writeJson } from "./files.js";
import { blobFolder, findDamage, manifestPath, readUnfinished, type Manifest } from "./manifest.js";

export interface BackupParts extends DumpParts {
  /** Undefined leaves them where they are. */
  readonly blobs: Pick<Blobs, "get"> | undefined;
}

export interface BackupReport extends Manifest {
  /** Whether an earlier try's tables were gone on from. */
  readonly resumed: boolean;
}

/**
 * Backs a store up into a folder: its tables as of one moment, then the blobs that they know of. The folder is a backup once
 * its manifest is there; cut short before, the same call goes on.
 * @throws conflict (the folder has a backup), store_failed, storage_full
 */
export async function backUp(parts: BackupParts): Promise<BackupReport> {
  const { folder, onProgress } = parts;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  ensure((await digestFile(manifestPath(folder))) === undefined, "conflict", "the folder has a backup already", { folder });
  const unfinished = await readUnfinished(folder);
  const snapshot = unfinished ?? await dumpTables(parts);
  // After the tables: what they know of was stored before, and nothing takes away what is referred to.
  const copied = parts.blobs === undefined
    ? { count: 0, bytes: 0, missing: [] }
    : await copyBlobs(await knownBlobs(folder, snapshot), { from: parts.blobs, to: folderBlobs(blobFolder(folder)), onProgress });
  ensure((await findDamage(folder, snapshot)) === undefined, "conflict", "another backup is being written to the folder", { folder });
  const manifest: Manifest = { snapshot, blobs: { ...copied, missing: [...copied.missing], included: parts.blobs !== undefined }, finishedAt: new Date().toISOString() };
  await writeJson(manifestPath(folder), manifest);
  return { ...manifest, resumed: unfinished !== undefined };
}
