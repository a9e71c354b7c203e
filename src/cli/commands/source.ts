import { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { endorsementRequestFromBytes } from "../../protocol/objects/index.js";
import { cardToJson, endorsementToJson } from "../../protocol/endorsement-file.js";
import { partyKey } from "../../protocol/ids.js";
import { programById } from "../../programs/registry.js";
import { cardOf } from "../../source/identity.js";
import { endorse, openRequest } from "../../source/endorse.js";
import { importRecords, withRecords, type RecordsOptions } from "../import-records.js";
import { openPartyHome, withHome, type HomeOptions } from "../home-options.js";
import { parseSourceClass, readBytes, SOURCE_CLASSES } from "../options.js";
import { createOutput } from "../output.js";
import { readDeployment } from "../roles/ledger.js";
import { sourceOf } from "../roles/home.js";

interface CardOptions extends HomeOptions { class: number; out: string }
interface EndorseOptions extends HomeOptions, RecordsOptions { owner: string; deployment: string; out: string; json?: boolean }

export function sourceCommand(): Command {
  const command = new Command("source").description("A source's part: compare an enterprise's sealed records with its own, and endorse them.");
  withHome(command.command("card").description("Write what enterprises need to have records endorsed by this source."))
    .requiredOption("--class <name>", SOURCE_CLASSES.join("|"), parseSourceClass)
    .requiredOption("--out <file>", "write the card here; it is public")
    .addHelpText("after", "\nThe ledger's registrar must register the account: `veritee ledger add-source`.\n\nExample:\n  veritee source card --home ./tax-office --class tax-office --out tax-office.json")
    .action(async (o: CardOptions) => {
      const card = cardToJson(await cardOf(sourceOf(await openPartyHome(o, "source")), o.class));
      await writeFile(o.out, `${JSON.stringify(card, null, 2)}\n`);
      createOutput(false).result(card, () => [`account ${card.account}, ${o.out}`]);
    });
  withRecords(withHome(command.command("endorse").description("Endorse a dataset if its records are this source's own: all of them and no others.")))
    .argument("<request>", "file that `veritee dataset request-endorsement` wrote")
    .requiredOption("--owner <key>", "the enterprise's key, from itself (`veritee identity show`): whoever has seen the records could show them as its own")
    .requiredOption("--deployment <file>", "the ledger's contracts: the endorsement is good there and nowhere else")
    .requiredOption("--out <file>", "write the endorsement here, for the enterprise")
    .option("--json", "print the endorsement as JSON")
    .addHelpText("after", "\nExample:\n  veritee source endorse acme.request --home ./tax-office --file acme.csv --owner 4f1c... --deployment deployment.json --out acme.endorsement")
    .action(async (file: string, o: EndorseOptions) => {
      const home = await openPartyHome(o, "source");
      const request = endorsementRequestFromBytes(await readBytes(file));
      const program = programById(request.manifest.value.program);
      const { chainId, sourceRegistry } = await readDeployment(o.deployment);
      const shown = await openRequest(sourceOf(home), program, request);
      const own = await importRecords(program, o, shown.terms);
      const endorsement = endorsementToJson(endorse(sourceOf(home), shown, { owner: partyKey(o.owner), records: own.records }, { chainId, contract: sourceRegistry }));
      await writeFile(o.out, `${JSON.stringify(endorsement, null, 2)}\n`);
      createOutput(o.json ?? false).result(endorsement, () => [`endorsed: ${own.records.length} records of ${own.applicant} are the source's own; ${o.out}`]);
    });
  return command;
}
