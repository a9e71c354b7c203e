import { Command, CommanderError } from "commander";
import { withholdCore } from "./no-core.js";
import { commandsFor } from "./commands.js";
import { EXIT, exitCodeOf, printError } from "./output.js";
import { ensureProfile } from "./profile.js";
import { VERSION } from "./version.js";

const program = new Command("veritee")
  .description("Credit scores computed inside attested enclaves, with proofs that anyone can check.")
  .version(VERSION)
  // `setup` and its steps have options of the same name: which is meant depends on the place.
  .enablePositionalOptions()
  .showHelpAfterError("(add --help for usage and an example)")
  .exitOverride()
  .addHelpText("after", "\nExit codes: 0 ok, 1 a check failed, 2 bad input or usage, 3 environment (store, ledger, set-up), 4 internal.\nStart with: veritee demo");

for (const command of await commandsFor(process.argv.slice(2))) {
  program.addCommand(command.exitOverride().showHelpAfterError("(add --help for usage and an example)"));
}

/** A subcommand's own subcommands must not exit by themselves either. */
const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
for (const command of all(program)) command.exitOverride();

try {
  withholdCore();
  ensureProfile();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  } else {
    printError(error, process.argv.includes("--json"));
    process.exitCode = exitCodeOf(error);
  }
}
