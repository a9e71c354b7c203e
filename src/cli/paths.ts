import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the checkout or installed package: the nearest folder above this file with a manifest, built or not. */
export const PACKAGE_ROOT = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
})();

/** The one file that is measured and run as the worker. */
export const ENCLAVE_BUNDLE = join(PACKAGE_ROOT, "dist", "enclave", "worker.mjs");
export const ENCLAVE_MANIFEST = join(PACKAGE_ROOT, "dist", "enclave", "worker.json");

/** State that is made on first use and may be deleted: development parameters and the demo's folders. */
export const STATE_DIR = process.env["VERITEE_STATE"] ?? join(PACKAGE_ROOT, ".veritee");
export const ARTEFACT_DIR = join(STATE_DIR, "artefacts");

/** An empty embedded database, packed: making one anew takes seconds. */
export const PGLITE_TEMPLATE = join(STATE_DIR, "pglite-template.tar.gz");

/** Default home of a party's keys. */
export const DEFAULT_HOME = process.env["VERITEE_HOME"] ?? join(homedir(), ".veritee");
