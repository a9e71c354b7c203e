import { join } from "node:path";
import { z } from "zod";
import { ensure } from "../protocol/errors.js";
import { digestFile, readJsonFile } from "./files.js";

/** Raised when an older restore could not read what is written. */
export const BACKUP_FORM = 1;

const count = z.int().min(0);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** Names of tables, columns and sequences: what our migrations use, and what is safe in a path. */
const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);

const table = z.strictObject({ name, columns: z.array(name).min(1), rows: count, bytes: count, sha256: hash });
export type TableFile = z.output<typeof table>;

/** Read and written as text: sequences are bigint. */
const sequence = z.strictObject({ name, last: z.string().regex(/^\d{1,19}$/), called: z.boolean() });
export type SequenceState = z.output<typeof sequence>;

const snapshot = z.strictObject({
  form: z.int(),
  /** Of the software that wrote it. */
  version: z.string().max(64),
  engine: z.enum(["pglite", "postgres"]),
  /** Database time of the snapshot, ISO 8601. */
  takenAt: z.iso.datetime({ offset: true }),
  /** Applied to the store, in order. */
  migrations: z.array(z.string().regex(/^[a-z0-9-]{1,64}$/)),
  tables: z.array(table),
  sequences: z.array(sequence),
});
/** The tables of one moment. */
export type Snapshot = z.output<typeof snapshot>;

const manifest = z.strictObject({
  snapshot,
  blobs: z.strictObject({
    count, bytes: count,
    /** Referred to, and not to be had when the backup was taken: the store had lost them. */
    missing: z.array(hash),
    /** False when blobs were left where they are: their bucket has a backup of its own. */
    included: z.boolean(),
  }),
  finishedAt: z.iso.datetime(),
});
export type Manifest = z.output<typeof manifest>;

/** Written last: a folder without it is no backup. */
export const manifestPath = (folder: string): string => join(folder, "backup.json");
/** Written after the last table, and gone on from when copying blobs was cut short. */
export const snapshotPath = (folder: string): string => join(folder, "snapshot.json");
export const tablesFolder = (folder: string): string => join(folder, "tables");
export const tablePath = (folder: string, table: string): string => join(tablesFolder(folder), `${table}.jsonl`);
export const blobFolder = (folder: string): string => join(folder, "blobs");

/** @throws not_found (no backup, or one that was not finished), unsupported (a newer form), store_failed (damaged) */
export async function readManifest(folder: string): Promise<Manifest> {
  const value = await readJsonFile(manifestPath(folder));
  const exists = value !== undefined || (await digestFile(manifestPath(folder))) !== undefined;
  ensure(exists, "not_found", "the folder has no finished backup", { folder });
  const form = (value as { snapshot?: { form?: unknown } } | null | undefined)?.snapshot?.form;
  ensure(typeof form !== "number" || form <= BACKUP_FORM, "unsupported", "the backup is of a newer version", { form: Number(form), known: BACKUP_FORM });
  const parsed = manifest.safeParse(value);
  ensure(parsed.success, "store_failed", "the backup's manifest is damaged", { file: "backup.json" });
  return parsed.data;
}

/** The snapshot of a backup that was cut short, if its tables are all there and whole. */
export async function readUnfinished(folder: string): Promise<Snapshot | undefined> {
  const parsed = snapshot.safeParse(await readJsonFile(snapshotPath(folder)));
  if (!parsed.success || parsed.data.form !== BACKUP_FORM) return undefined;
  return (await findDamage(folder, parsed.data)) === undefined ? parsed.data : undefined;
}

/** The first table whose file is not the one that was written. */
export async function findDamage(folder: string, { tables }: Snapshot): Promise<string | undefined> {
  for (const { name: of, bytes, sha256 } of tables) {
    const found = await digestFile(tablePath(folder, of));
    if (found?.bytes !== bytes || found.sha256 !== sha256) return of;
  }
  return undefined;
}
