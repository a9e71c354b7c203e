import type { Command } from "commander";

/**
 * Every command by name, in the order of the help. A command's code is loaded when it is asked for: all of it together
 * takes most of a second.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./commands/demo.js")).demoCommand(),
  verify: async () => (await import("./commands/verify.js")).verifyCommand(),
  score: async () => (await import("./commands/score.js")).scoreCommand(),
  setup: async () => (await import("./commands/setup.js")).setupCommand(),
  generate: async () => (await import("./commands/generate.js")).generateCommand(),
  identity: async () => (await import("./commands/identity.js")).identityCommand(),
  dataset: async () => (await import("./commands/dataset.js")).datasetCommand(),
  grant: async () => (await import("./commands/grant.js")).grantCommand(),
  source: async () => (await import("./commands/source.js")).sourceCommand(),
  model: async () => (await import("./commands/model.js")).modelCommand(),
  job: async () => (await import("./commands/job.js")).jobCommand(),
  result: async () => (await import("./commands/result.js")).resultCommand(),
  disclose: async () => (await import("./commands/disclose.js")).discloseCommand(),
  broker: async () => (await import("./commands/broker.js")).brokerCommand(),
  coordinator: async () => (await import("./commands/coordinator.js")).coordinatorCommand(),
  worker: async () => (await import("./commands/worker.js")).workerCommand(),
  ledger: async () => (await import("./commands/ledger.js")).ledgerCommand(),
  appraise: async () => (await import("./commands/appraise.js")).appraiseCommand(),
  policy: async () => (await import("./commands/policy.js")).policyCommand(),
  recall: async () => (await import("./commands/recall.js")).recallCommand(),
  collateral: async () => (await import("./commands/collateral.js")).collateralCommand(),
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand(),
  fsck: async () => (await import("./commands/fsck.js")).fsckCommand(),
  backup: async () => (await import("./commands/backup.js")).backupCommand(),
  restore: async () => (await import("./commands/backup.js")).restoreCommand(),
  drill: async () => (await import("./commands/drill.js")).drillCommand(),
};

/**
 * The command that the words name; every command for anything else, as help and unknown words need them. An option of the
 * program's own ends the search: what follows it may be its value.
 */
export async function commandsFor(words: readonly string[]): Promise<readonly Command[]> {
  const [first = ""] = words;
  const one = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  if (one !== undefined) return [await one()];
  if (first === "--version" || first === "-V") return [];
  return Promise.all(Object.values(COMMANDS).map((load) => load()));
}
