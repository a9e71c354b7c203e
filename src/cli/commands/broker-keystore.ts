import type { Command } from "commander";
import { join } from "node:path";
import { acquireLock } from "../../broker/file-lock.js";
import { rotateKeyStore } from "../../broker/keystore/rotate.js";
import { withHome, withKeystore, type HomeOptions } from "../home-options.js";
import { createOutput } from "../output.js";
import { passphrase } from "../passphrase.js";
import { readParty } from "../roles/home.js";
import { clock } from "../roles/system.js";

interface RotateOptions extends HomeOptions { newPassphraseFile?: string }

export function addKeystoreCommand(command: Command): void {
  withKeystore(withHome(command.command("rotate-keystore").description("Wrap all keys anew: under a new passphrase, or in a token. Copies of the old store open no data key afterwards.")))
    .option("--new-passphrase-file <file>", "the new passphrase, or the PIN of the new token; VERITEE_NEW_PASSPHRASE otherwise")
    .addHelpText("after", "\n--keystore names where the keys go; without it they go into a file under the new passphrase. Stop the broker before.\nInterrupted, run it again in the same way.\n\nExample:\n  veritee broker rotate-keystore --home ./acme --new-passphrase-file new.txt")
    .action(async (o: RotateOptions) => {
      await readParty(o.home);
      const to = await passphrase({ passphraseFile: o.newPassphraseFile, environment: "VERITEE_NEW_PASSPHRASE", ask: "new passphrase" });
      // A broker that runs would go on with the old store's secrets.
      const unlock = await acquireLock(join(o.home, "release-log.lock"), 0);
      try {
        const keys = await rotateKeyStore(o.home, { secret: await passphrase(o) }, { secret: to, keystore: o.keystore }, clock);
        createOutput(false).result({ keys }, () => [`${keys} keys are wrapped anew; copies of the old store open none but the identity`]);
      } finally {
        await unlock();
      }
    });
}
