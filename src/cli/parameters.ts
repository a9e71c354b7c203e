import type { Command } from "commander";
import { VeriteeError } from "../protocol/errors.js";
import { builtInParameters, parametersFromJson, type Parameters } from "../proofs/parameters.js";
import { readJson } from "./options.js";

/** Names a parameters file for every command, where no option does. */
export const PARAMETERS_VARIABLE = "VERITEE_PARAMETERS";

export interface ParametersOption { parameters?: string }

/** --parameters, as every command takes it that makes or checks proofs. */
export const withParameters = (command: Command): Command =>
  command.option("--parameters <file>", `a ceremony's parameters (veritee setup finish) in place of the built-in DEVELOPMENT ones; ${PARAMETERS_VARIABLE} otherwise`);

/** The parameters of the file that the option or the environment names; those of this build without one. @throws as parametersFromJson() */
export async function openParameters({ parameters = process.env[PARAMETERS_VARIABLE] }: ParametersOption = {}): Promise<Parameters> {
  if (parameters === undefined || parameters === "") return builtInParameters;
  try {
    return parametersFromJson(await readJson(parameters));
  } catch (error) {
    if (!(error instanceof VeriteeError)) throw error;
    throw new VeriteeError(error.code, error.message, { file: parameters, ...error.facts }, { cause: error });
  }
}
