import { Command, Option } from "commander";
import { withHome, withKeystore, type HomeOptions } from "../home-options.js";
import { createOutput } from "../output.js";
import { passphrase } from "../passphrase.js";
import { createHome, PARTY_ROLES, readParty, type PartyRole } from "../roles/home.js";

export function identityCommand(): Command {
  const command = new Command("identity").description("A party's keys: created once, kept in an encrypted file or a token.");
  withKeystore(withHome(command.command("create").description("Create an identity in a new folder.")))
    .addOption(new Option("--role <role>", "what the party is").choices(PARTY_ROLES).makeOptionMandatory())
    .option("--json", "print the public part as JSON")
    .addHelpText("after", "\nExample:\n  VERITEE_PASSPHRASE=... veritee identity create --role enterprise --home ./acme")
    .action(async (options: HomeOptions & { role: PartyRole; json?: boolean }) => {
      const home = await createHome(options.home, options.role, await passphrase(options), options.keystore);
      home.keys.close();
      const party = await readParty(options.home);
      createOutput(options.json ?? false).result(party, () => [`${party.role} ${party.publicKey}`, `folder ${options.home}`]);
    });
  command.command("show").description("Show a party's public key.")
    .requiredOption("--home <dir>", "the party's folder")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  veritee identity show --home ./acme")
    .action(async (options: { home: string; json?: boolean }) => {
      const party = await readParty(options.home);
      createOutput(options.json ?? false).result(party, () => [`${party.role} ${party.publicKey}`]);
    });
  return command;
}
