import type { PGlite, PGliteOptions } from "@electric-sql/pglite";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Kysely } from "kysely";
import { lockFolder, type FolderLock } from "./lock-file.js";
import { pgliteDialect } from "./pglite-dialect.js";
import { PgliteEngine } from "./pglite-engine.js";
import type { Schema } from "./schema.js";

export interface PgliteOptions {
  /** The coordinator's own folder; the database is in `pglite` below it. */
  readonly stateDir: string;
  /** A packed empty database, made on first use: opening from it takes 1.7 s, making one anew 5 s. */
  readonly templateFile?: string | undefined;
}

const INT8 = 20;

/**
 * Opens the embedded database. It never calls fsync: a killed process loses nothing that was acknowledged, a power cut may.
 * @throws store_locked
 */
export async function openPglite(options: PgliteOptions): Promise<Kysely<Schema>> {
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(options.stateDir);
  try {
    const dataDir = join(options.stateDir, "pglite");
    const first = await openFolder(dataDir, options.templateFile);
    const engine = new PgliteEngine({ first, reopen: () => open({ dataDir }), folder: options.stateDir });
    return new Kysely<Schema>({ dialect: withLock(pgliteDialect(engine), lock) });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

const markerOf = (dataDir: string): string => `${dataDir}.ready`;

/** Whether a coordinator's folder has an embedded database whose first start came to its end. */
export const hasPglite = (stateDir: string): Promise<boolean> => exists(markerOf(join(stateDir, "pglite")));

async function openFolder(dataDir: string, templateFile: string | undefined): Promise<PGlite> {
  // Without the marker a first start was cut short; nothing can have been acknowledged from it.
  const marker = markerOf(dataDir);
  if (await exists(marker)) return open({ dataDir });
  const pglite = await unpack(dataDir, templateFile) ?? await initialise(dataDir, templateFile);
  await writeFile(marker, "");
  return pglite;
}

/** Undefined when there is no template, or one of another version that does not open. */
async function unpack(dataDir: string, templateFile: string | undefined): Promise<PGlite | undefined> {
  const template = templateFile === undefined ? undefined : await readFile(templateFile).catch(() => undefined);
  if (template === undefined) return undefined;
  await rm(dataDir, { recursive: true, force: true });
  return open({ dataDir, loadDataDir: new Blob([Uint8Array.from(template)]) }).catch(() => undefined);
}

async function initialise(dataDir: string, templateFile: string | undefined): Promise<PGlite> {
  await rm(dataDir, { recursive: true, force: true });
  const pglite = await open({ dataDir });
  if (templateFile !== undefined) await saveTemplate(pglite, templateFile);
  return pglite;
}

async function open(options: PGliteOptions): Promise<PGlite> {
  const pglite = await import("@electric-sql/pglite");
  return pglite.PGlite.create({ ...options, parsers: { [INT8]: (text: string) => BigInt(text) } });
}

async function saveTemplate(pglite: PGlite, templateFile: string): Promise<void> {
  const packed = await pglite.dumpDataDir("gzip");
  const draft = `${templateFile}.${randomBytes(6).toString("hex")}`;
  await mkdir(dirname(templateFile), { recursive: true });
  await writeFile(draft, new Uint8Array(await packed.arrayBuffer()));
  await rename(draft, templateFile);
}

/** The lock goes when the last connection is gone. */
function withLock(dialect: ReturnType<typeof pgliteDialect>, lock: FolderLock): ReturnType<typeof pgliteDialect> {
  return {
    ...dialect,
    createDriver: () => {
      const driver = dialect.createDriver();
      const destroy = driver.destroy.bind(driver);
      driver.destroy = async () => {
        await destroy();
        await lock.release();
      };
      return driver;
    },
  };
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);
