import type { Command } from "commander";
import { brokerCommand } from "../../../src/cli/commands/broker.js";
import { coordinatorCommand } from "../../../src/cli/commands/coordinator.js";
import { identityCommand } from "../../../src/cli/commands/identity.js";
import { ledgerCommand } from "../../../src/cli/commands/ledger.js";
import { workerCommand } from "../../../src/cli/commands/worker.js";

const commands = [coordinatorCommand, workerCommand, brokerCommand, ledgerCommand, identityCommand].map((make) => make());

/**
 * What is wrong with a command line of ours: unknown commands and options, values that are missing, too many or refused by
 * the option's own parser, options that must be there. Nothing is run.
 */
export function faults(words: readonly string[]): readonly string[] {
  let command: Command | undefined;
  let rest = words;
  for (let known: readonly Command[] = commands; ;) {
    const next = known.find((c) => c.name() === rest[0]);
    if (next === undefined) break;
    [command, known, rest] = [next, next.commands, rest.slice(1)];
  }
  if (command === undefined) return [`no command ${words[0] ?? ""}`];
  const wrong: string[] = [];
  const said = new Set<string>();
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    const [name, inline] = word.includes("=") ? [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] : [word, undefined];
    const option = command.options.find((o) => o.long === name);
    if (option === undefined) {
      wrong.push(`${command.name()} does not know ${word}`);
      continue;
    }
    said.add(name);
    const value = option.required ? inline ?? rest[++i] : inline;
    if (option.required && value === undefined) wrong.push(`${name} needs a value`);
    if (!option.required && inline !== undefined) wrong.push(`${name} takes no value`);
    if (value !== undefined) wrong.push(...refused(() => option.parseArg?.(value, undefined), name));
  }
  for (const option of command.options) if (option.mandatory && !said.has(option.long ?? "")) wrong.push(`${option.long ?? ""} is missing`);
  return wrong;
}

function refused(parse: () => unknown, name: string): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    return [`${name}: ${String(error)}`];
  }
}
