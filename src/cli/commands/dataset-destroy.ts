import type { Command } from "commander";
import { recordDeletions } from "../../broker/guard-log.js";
import { ReleaseLog } from "../../broker/release-log/log.js";
import { VeriteeError } from "../../protocol/errors.js";
import { hexId, type DatasetManifestId } from "../../protocol/ids.js";
import { openPartyHome, withHome, type HomeOptions } from "../home-options.js";
import { createOutput } from "../output.js";
import { enterpriseOf } from "../roles/home.js";
import { clock } from "../roles/system.js";

export function addDestroyCommand(command: Command): void {
  withHome(command.command("destroy-key").description("Destroy a dataset version's key, for good: nobody can open it again, nor any backup."))
    .argument("<dataset>", "id of the dataset version")
    .option("--json", "print {dataset, destroyedAt, method, recorded}")
    .addHelpText("after", "\nA signed record goes to the release log, after which the log has no release of this key. docs/broker.md says what backups must leave out for this to hold.\n\nExample:\n  veritee dataset destroy-key 3fa9... --home ./acme")
    .action(async (id: string, o: HomeOptions & { json?: boolean }) => {
      const home = await openPartyHome(o, "enterprise");
      const dataset = hexId<DatasetManifestId>(id, 32, "dataset");
      const { at, method } = await home.keys.destroy(dataset);
      const recorded = await record();
      home.keys.close();
      createOutput(o.json ?? false).result({ dataset, destroyedAt: at, method, recorded }, () => [
        `the key of ${dataset} is destroyed: ${method}`,
        recorded ? "the release log has the signed record" : "the broker that is running writes the signed record within half a minute",
      ]);

      /** The log has one writer: a broker that runs does it. */
      async function record(): Promise<boolean> {
        try {
          const log = await ReleaseLog.open(o.home, enterpriseOf(home).signing);
          await recordDeletions(home.keys, log, clock).finally(() => log.close());
          return true;
        } catch (error) {
          if (error instanceof VeriteeError && error.code === "store_locked") return false;
          throw error;
        }
      }
    });
}
