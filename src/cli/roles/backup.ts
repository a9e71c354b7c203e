import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { backUp, type BackupReport } from "../../backup/backup.js";
import type { OnProgress } from "../../backup/dump-tables.js";
import { ensureKnown } from "../../backup/load-tables.js";
import { readManifest } from "../../backup/manifest.js";
import { restore, type RestoreReport } from "../../backup/restore.js";
import { openBlobs, openExistingBlobs, type BlobStore } from "../../coordinator/blobs/open.js";
import type { BlobSettings } from "../../coordinator/blobs/settings.js";
import { openExistingStore, openStoreAsItIs, type DatabaseConfig } from "../../coordinator/store/open.js";
import { PGLITE_TEMPLATE } from "../paths.js";
import { VERSION } from "../version.js";

/** A coordinator's store, and where its blobs are. */
export interface StorePlace {
  readonly stateDir: string;
  readonly database?: DatabaseConfig;
  readonly blobs?: BlobSettings;
}

export interface BackupRequest extends StorePlace {
  readonly to: string;
  /** Leaves the blobs where they are. */
  readonly withoutBlobs?: boolean;
  readonly onProgress?: OnProgress;
}

const EMBEDDED: DatabaseConfig = { kind: "pglite", templateFile: PGLITE_TEMPLATE };
const IN_FOLDER: BlobSettings = { kind: "folder" };

/** @throws not_found, store_locked (a coordinator runs on the embedded store), conflict, store_failed, storage_full */
export async function backUpCoordinator({ stateDir, database = EMBEDDED, blobs, to, withoutBlobs = false, onProgress }: BackupRequest): Promise<BackupReport> {
  const db = await openExistingStore(stateDir, database);
  let store: BlobStore | undefined;
  try {
    if (!withoutBlobs) store = await openExistingBlobs(blobs ?? IN_FOLDER, join(stateDir, "blobs"));
    return await backUp({ db, engine: database.kind, version: VERSION, folder: to, blobs: store?.blobs, onProgress });
  } finally {
    await db.destroy();
    store?.close();
  }
}

export interface RestoreRequest extends StorePlace {
  readonly from: string;
  readonly onProgress?: OnProgress;
}

/** @throws not_found, unsupported (a newer version), conflict (not empty), store_locked, store_failed (damage), storage_full */
export async function restoreCoordinator({ stateDir, database = EMBEDDED, blobs, from, onProgress }: RestoreRequest): Promise<RestoreReport> {
  // Opening an embedded store makes one.
  ensureKnown((await readManifest(from)).snapshot);
  const db = await openStoreAsItIs(stateDir, database);
  let store: BlobStore | undefined;
  try {
    store = await openBlobs(blobs ?? IN_FOLDER, join(stateDir, "blobs"));
    return await restore({ folder: from, db, blobs: store.blobs, now: () => performance.now(), sleep, onProgress });
  } finally {
    await db.destroy();
    store?.close();
  }
}
