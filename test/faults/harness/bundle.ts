import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/** A script of the tests as one plain JavaScript file, for a process of its own. */
export interface Bundle { readonly path: string; remove(): Promise<void> }

/** Put beside the installed packages, which stay outside of it. */
export async function bundleScript(entry: string): Promise<Bundle> {
  const folder = join(import.meta.dirname, "../../../node_modules/.cache/veritee");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `fault-${process.pid}-${bundles++}.mjs`);
  await build({ entryPoints: [entry], outfile: path, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error", sourcemap: "inline" });
  return { path, remove: () => rm(path, { force: true }) };
}

let bundles = 0;
