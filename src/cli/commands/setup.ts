import { Command } from "commander";
import { artefactsOf, SCORE_CIRCUITS } from "../../proofs/artefacts.js";
import { prepareArtefacts } from "../artefacts.js";
import { createOutput } from "../output.js";
import { ARTEFACT_DIR } from "../paths.js";

export const setupCommand = (): Command =>
  new Command("setup")
    .description("Compile the circuits and make DEVELOPMENT proving keys (insecure by construction: their trapdoor is published).")
    .option("--json", "print what is there as JSON")
    .addHelpText("after", "\nRuns by itself before the first demo or test. Interrupted, it goes on with what is missing.\n\nExample:\n  veritee setup")
    .action(async (options: { json?: boolean }) => {
      const out = createOutput(options.json ?? false);
      const made = await prepareArtefacts();
      const circuits = SCORE_CIRCUITS.map((circuit) => ({ ...artefactsOf(circuit), made: made.includes(circuit) }));
      out.result({ folder: ARTEFACT_DIR, circuits }, () =>
        circuits.map((p) => `${p.circuit.padEnd(22)} ${p.constraints} constraints, parameters ${p.parameters}, ${p.made ? "made now" : "ready"}`));
    });
