import type { Blobs } from "../coordinator/blobs/blobs.js";
import { folderBlobs } from "../coordinator/blobs/folder.js";
import { migrate } from "../coordinator/store/migrations/index.js";
import type { Db } from "../coordinator/store/schema.js";
import { ensure } from "../protocol/errors.js";
import { CLOCK_SKEW_SECONDS, SIGNATURE_WINDOW_SECONDS } from "../transport/http-signature.js";
import { copyBlobs, knownBlobs, type Copied, type KnownBlob } from "./blobs.js";
import type { OnProgress } from "./dump-tables.js";
import { ensureKnown, loadTables, prepareTables } from "./load-tables.js";
import { blobFolder, findDamage, readManifest, type Manifest } from "./manifest.js";

/**
 * A request that was signed before the restore may have been taken before it, which the restored store has forgotten. After
 * so many seconds it is refused for its age, by whatever clock within the skew it was signed.
 */
export const HOLD_SECONDS = SIGNATURE_WINDOW_SECONDS + 2 * CLOCK_SKEW_SECONDS;

export interface RestoreParts {
  readonly folder: string;
  /** Opened as it is: empty, or as a restore of the same backup that was cut short has left it. */
  readonly db: Db;
  readonly blobs: Blobs;
  /** Milliseconds of a clock that is not set back. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onProgress?: OnProgress | undefined;
}

export interface RestoreReport {
  readonly takenAt: string;
  readonly version: string;
  readonly rows: number;
  readonly blobs: number;
  /** Blobs that datasets or models refer to and nobody has. */
  readonly missing: readonly string[];
}

/**
 * Puts a backup into an empty store and brings it up to date. The rows come last and at once: a restore that was cut short
 * leaves a store that no coordinator was ever answered from, and is repeated.
 * @throws not_found, unsupported (a newer version), conflict (the store is not empty), store_failed (damage), storage_full
 */
export async function restore({ folder, db, blobs, now, sleep, onProgress }: RestoreParts): Promise<RestoreReport> {
  const began = now();
  const manifest = await readManifest(folder);
  await ensureWhole(folder, manifest, onProgress);
  await prepareTables(db, manifest.snapshot);
  const known = await knownBlobs(folder, manifest.snapshot);
  const copied = await putBlobs(known, folder, manifest, { blobs, onProgress });
  await hold({ began, now, sleep, onProgress });
  await loadTables(db, folder, manifest.snapshot);
  await migrate(db);
  return reportOf(manifest, copied);
}

/** Looks at all that is in a backup, and changes nothing. @throws as restore */
export async function checkBackup(folder: string, onProgress?: OnProgress): Promise<RestoreReport> {
  const manifest = await readManifest(folder);
  await ensureWhole(folder, manifest, onProgress);
  const known = await knownBlobs(folder, manifest.snapshot);
  const keepNothing: Blobs = { get: folderBlobs(blobFolder(folder)).get, put: () => Promise.resolve(), size: () => Promise.resolve(undefined) };
  const copied = await copyBlobs(manifest.blobs.included ? known : [], { from: keepNothing, to: keepNothing, onProgress });
  ensureExpected(manifest, copied);
  return reportOf(manifest, copied);
}

async function ensureWhole(folder: string, { snapshot }: Manifest, onProgress?: OnProgress): Promise<void> {
  ensureKnown(snapshot);
  onProgress?.("verify", 0, 1);
  const damaged = await findDamage(folder, snapshot);
  ensure(damaged === undefined, "store_failed", "a file of the backup is damaged or missing", { table: damaged ?? "" });
  onProgress?.("verify", 1, 1);
}

/** @throws store_failed when one is missing that the backup had */
async function putBlobs(known: readonly KnownBlob[], folder: string, manifest: Manifest, { blobs, onProgress }: Pick<RestoreParts, "blobs" | "onProgress">): Promise<Copied> {
  // Without blobs of its own, a backup is restored beside those that were left: they are looked for, not copied.
  const from = manifest.blobs.included ? folderBlobs(blobFolder(folder)) : blobs;
  const copied = await copyBlobs(known, { from, to: blobs, onProgress });
  ensureExpected(manifest, copied);
  return copied;
}

function ensureExpected({ blobs }: Manifest, { count, missing }: Copied): void {
  const damaged = missing.filter((id) => !blobs.missing.includes(id));
  // Uploads that nothing names yet are counted only.
  ensure(damaged.length === 0 && count >= blobs.count, "store_failed", "blobs of the backup are damaged or missing", { named: damaged.length, first: damaged[0] ?? "", all: Math.max(0, blobs.count - count) });
}

async function hold({ began, now, sleep, onProgress }: Pick<RestoreParts, "now" | "sleep" | "onProgress"> & { readonly began: number }): Promise<void> {
  const passed = (): number => Math.max(0, Math.floor((now() - began) / 1000));
  while (passed() < HOLD_SECONDS) {
    onProgress?.("wait", passed(), HOLD_SECONDS);
    await sleep(1000);
  }
  onProgress?.("wait", HOLD_SECONDS, HOLD_SECONDS);
}

const reportOf = ({ snapshot }: Manifest, { count, missing }: Copied): RestoreReport => ({
  takenAt: snapshot.takenAt, version: snapshot.version, rows: snapshot.tables.reduce((sum, t) => sum + t.rows, 0), blobs: count, missing,
});
