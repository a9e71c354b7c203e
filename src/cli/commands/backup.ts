import { Command } from "commander";
import { join } from "node:path";
import type { OnProgress } from "../../backup/dump-tables.js";
import { checkBackup } from "../../backup/restore.js";
import { blobsOf, blobsOption } from "../blobs-option.js";
import { createOutput, EXIT } from "../output.js";
import { STATE_DIR } from "../paths.js";
import { progress, type Progress } from "../progress.js";
import { backUpCoordinator, restoreCoordinator } from "../roles/backup.js";
import { databaseOf, storeOption } from "../store-option.js";

interface BackupOptions { state: string; store?: string; blobs?: string | false; to: string; json?: boolean }
interface RestoreOptions { state: string; store?: string; blobs?: string; from: string; check?: boolean; json?: boolean }

export const backupCommand = (): Command =>
  new Command("backup")
    .description("Write a coordinator's tables, as of one moment, and the blobs that they know of into a folder; PostgreSQL beside running coordinators.")
    .option("--state <dir>", "folder of the coordinator's store and blobs", join(STATE_DIR, "coordinator"))
    .addOption(storeOption())
    .addOption(blobsOption())
    .option("--no-blobs", "leave the blobs where they are: their bucket has a backup of its own")
    .requiredOption("--to <folder>", "where the backup goes; the same folder again goes on after an interruption")
    .option("--json", "print the manifest, and whether it went on from an earlier try")
    .addHelpText("after", "\nExit code 1 when blobs were missing: the backup is made, and says which.\n\nExample:\n  veritee backup --store postgres://veritee@db/veritee --blobs s3://veritee/blobs --to /backups/2030-01-31")
    .action(async (o: BackupOptions) => {
      const shown = showing();
      const report = await backUpCoordinator({
        stateDir: o.state, to: o.to, withoutBlobs: o.blobs === false, onProgress: shown.update, ...databaseOf(o.store), ...blobsOf(o.blobs === false ? undefined : o.blobs),
      }).finally(shown.end);
      const { snapshot, blobs, resumed } = report;
      createOutput(o.json ?? false).result(report, () => [
        `${o.to}: ${snapshot.tables.reduce((sum, t) => sum + t.rows, 0)} rows of ${snapshot.tables.length} tables as of ${snapshot.takenAt}${resumed ? ", from an earlier try" : ""}`,
        blobs.included ? `${blobs.count} blobs, ${blobs.bytes} bytes` : "without the blobs",
        ...blobs.missing.map((id) => `missing       ${id}`),
      ]);
      process.exitCode = blobs.missing.length === 0 ? EXIT.ok : EXIT.negative;
    });

export const restoreCommand = (): Command =>
  new Command("restore")
    .description("Put a backup into an empty store of either engine, and bring it up to date; or look whether a backup is whole.")
    .requiredOption("--from <folder>", "the backup")
    .option("--state <dir>", "folder of the embedded store and of the blobs", join(STATE_DIR, "coordinator"))
    .addOption(storeOption())
    .addOption(blobsOption())
    .option("--check", "read and compare everything, restore nothing")
    .option("--json", "print {takenAt, version, rows, blobs, missing}")
    .addHelpText("after", "\nTakes over a minute: requests signed before must be too old to be taken again.\n\nExample:\n  veritee restore --from /backups/2030-01-31 --store postgres://veritee@db/restored --blobs s3://veritee/restored")
    .action(async (o: RestoreOptions) => {
      const shown = showing();
      const { from, check = false } = o;
      const report = await (check
        ? checkBackup(from, shown.update)
        : restoreCoordinator({ from, stateDir: o.state, onProgress: shown.update, ...databaseOf(o.store), ...blobsOf(o.blobs) })).finally(shown.end);
      createOutput(o.json ?? false).result(report, () => [
        `${check ? "whole" : "restored"}: ${report.rows} rows and ${report.blobs} blobs as of ${report.takenAt}, of version ${report.version}`,
        ...report.missing.map((id) => `missing       ${id}`),
      ]);
      process.exitCode = report.missing.length === 0 ? EXIT.ok : EXIT.negative;
    });

/** One bar after another. */
function showing(): { readonly update: OnProgress; readonly end: () => void } {
  let shown: { readonly phase: string; readonly bar: Progress } | undefined;
  const end = (): void => {
    shown?.bar.end();
    shown = undefined;
  };
  return {
    update: (phase, done, total) => {
      if (shown?.phase !== phase) {
        end();
        shown = { phase, bar: progress(phase) };
      }
      shown.bar.update(done, total);
    },
    end,
  };
}
