import { Command, CommanderError } from "commander";
import { appraiseCommand } from "./commands/appraise.js";
import { backupCommand, restoreCommand } from "./commands/backup.js";
import { brokerCommand } from "./commands/broker.js";
import { collateralCommand } from "./commands/collateral.js";
import { coordinatorCommand } from "./commands/coordinator.js";
import { datasetCommand } from "./commands/dataset.js";
import { demoCommand } from "./commands/demo.js";
import { discloseCommand } from "./commands/disclose.js";
import { doctorCommand } from "./commands/doctor.js";
import { fsckCommand } from "./commands/fsck.js";
import { generateCommand } from "./commands/generate.js";
import { grantCommand } from "./commands/grant.js";
import { identityCommand } from "./commands/identity.js";
import { jobCommand } from "./commands/job.js";
import { ledgerCommand } from "./commands/ledger.js";
import { modelCommand } from "./commands/model.js";
import { policyCommand } from "./commands/policy.js";
import { recallCommand } from "./commands/recall.js";
import { resultCommand } from "./commands/result.js";
import { scoreCommand } from "./commands/score.js";
import { setupCommand } from "./commands/setup.js";
import { sourceCommand } from "./commands/source.js";
import { verifyCommand } from "./commands/verify.js";
import { workerCommand } from "./commands/worker.js";
import { drillCommand } from "./commands/drill.js";
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

for (const command of [
  demoCommand, verifyCommand, scoreCommand, setupCommand, generateCommand, identityCommand, datasetCommand, grantCommand, sourceCommand,
  modelCommand, jobCommand, resultCommand, discloseCommand, brokerCommand, coordinatorCommand, workerCommand, ledgerCommand, appraiseCommand, policyCommand,
  recallCommand, collateralCommand, doctorCommand, fsckCommand, backupCommand, restoreCommand, drillCommand,
]) {
  program.addCommand(command().exitOverride().showHelpAfterError("(add --help for usage and an example)"));
}

/** A subcommand's own subcommands must not exit by themselves either. */
const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
for (const command of all(program)) command.exitOverride();

try {
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
