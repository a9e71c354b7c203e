import { Command } from "commander";
import type { Program } from "../../programs/program.js";
import { scorecardJson } from "../../programs/scorecard.js";
import { openPartyHome, withCoordinator, type RemoteOptions } from "../home-options.js";
import { parseProgram, PROGRAM_NAMES, readModel } from "../options.js";
import { createOutput } from "../output.js";
import { addModel } from "../roles/platform.js";

interface AddOptions extends RemoteOptions { program: Program; file?: string; json?: boolean }

export function modelCommand(): Command {
  const command = new Command("model").description("A platform's scoring models: checked, committed, sealed.");
  withCoordinator(command.command("add").description("Commit to a scorecard, seal it, register its commitment on the ledger."))
    .requiredOption("--program <name>", PROGRAM_NAMES, parseProgram)
    .option("--file <json>", "the scorecard; the program's default when left out")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  veritee model add --home ./bank --coordinator http://127.0.0.1:8080 --program sme-invoice --file model.json")
    .action(async (o: AddOptions) => {
      const home = await openPartyHome(o, "platform");
      const manifest = await addModel(home, o.coordinator, o.program, await readModel(o.program, o.file));
      createOutput(o.json ?? false).result({ model: manifest.id, program: o.program.id }, () => [`model ${manifest.id}`]);
    });
  command.command("check").description("Check a scorecard file and say what is wrong with it.")
    .requiredOption("--program <name>", PROGRAM_NAMES, parseProgram)
    .argument("<file>", "the scorecard (JSON)")
    .option("--json", "print the scorecard as it is understood")
    .addHelpText("after", "\nExample:\n  veritee model check --program sme-invoice model.json")
    .action(async (file: string, o: { program: Program; json?: boolean }) => {
      const card = await readModel(o.program, file);
      createOutput(o.json ?? false).result(JSON.parse(scorecardJson(card)), () => [`${card.name}: a valid scorecard of ${o.program.name}, ${card.features.length} characteristics, ${card.grades.length} grades`]);
    });
  return command;
}
