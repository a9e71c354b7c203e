import { Command } from "commander";
import { SCORE_CIRCUITS } from "../../proofs/artefacts.js";
import { prepareArtefacts } from "../artefacts.js";
import { createOutput } from "../output.js";
import { openParameters, withParameters, type ParametersOption } from "../parameters.js";
import { ARTEFACT_DIR } from "../paths.js";
import { ceremonyCommands } from "./setup-ceremony.js";

export function setupCommand(): Command {
  const command = withParameters(new Command("setup").enablePositionalOptions())
    .description("Compile the circuits and make DEVELOPMENT proving keys (insecure by construction: their trapdoor is published). "
      + "The subcommands run a ceremony for production keys: start, contribute, beacon, verify, finish, install (docs/setup.md).")
    .option("--json", "print what is there as JSON")
    .addHelpText("after", "\nRuns by itself before the first demo or test. Interrupted, it goes on with what is missing.\n\nExample:\n  veritee setup")
    .action(async (options: ParametersOption & { json?: boolean }) => {
      const out = createOutput(options.json ?? false);
      const parameters = await openParameters(options);
      const made = await prepareArtefacts(SCORE_CIRCUITS, parameters);
      const circuits = SCORE_CIRCUITS.map((circuit) => ({ ...parameters.manifest(circuit), made: made.includes(circuit) }));
      out.result({ folder: ARTEFACT_DIR, circuits }, () =>
        circuits.map((p) => `${p.circuit.padEnd(22)} ${p.constraints} constraints, parameters ${p.parameters}, ${p.made ? "made now" : "ready"}`));
    });
  for (const step of ceremonyCommands()) command.addCommand(step);
  return command;
}
