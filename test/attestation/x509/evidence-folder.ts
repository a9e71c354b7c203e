import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** The shared evidence, where it is at hand; tests that need it are skipped with a note that names the missing folder. */
export function evidenceFolder(): { readonly folder: string; readonly missing: boolean; readonly note: string } {
  const root = resolve(import.meta.dirname, "../../..");
  const folder = resolve(root, process.env["VERITEE_SHARED"] ?? "../shared", "evidence");
  const missing = !existsSync(folder);
  return { folder, missing, note: missing ? `skipped: no folder ${folder}` : "shared evidence" };
}
