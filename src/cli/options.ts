// Options that several commands share, parsed once and strictly.
import { InvalidArgumentError } from "commander";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { VeriteeError } from "../protocol/errors.js";
import { parseScorecardJson } from "../programs/parse-scorecard.js";
import type { Program } from "../programs/program.js";
import { programByName, programs } from "../programs/registry.js";
import type { Scorecard } from "../programs/scorecard.js";
import type { Selection } from "../programs/import/data-folder.js";

export const PROGRAM_NAMES = programs.map((p) => p.name).join("|");

export function parseProgram(name: string): Program {
  try {
    return programByName(name);
  } catch {
    throw new InvalidArgumentError(`known programs: ${programs.map((p) => p.name).join(", ")}`);
  }
}

/** In the order of their numbers, from 1. */
export const SOURCE_CLASSES = ["bank", "tax-office", "logistics", "core-enterprise", "platform"] as const;

export function parseSourceClass(name: string): number {
  const index = (SOURCE_CLASSES as readonly string[]).indexOf(name);
  if (index < 0) throw new InvalidArgumentError(`known classes: ${SOURCE_CLASSES.join(", ")}`);
  return index + 1;
}

export function parseSelection(text: string): Selection {
  if (text === "all") return "all";
  const ids = text.split(",").map((id) => id.trim());
  if (ids.some((id) => id === "")) throw new InvalidArgumentError("give ids separated by commas, or all");
  return [...new Set(ids)];
}

export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value > 1_000_000) throw new InvalidArgumentError("give a whole number from 0");
  return value;
}

export function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new InvalidArgumentError("give a whole number from 1");
  return value;
}

export function parsePort(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65535) throw new InvalidArgumentError("give a port from 0 to 65535");
  return value;
}

/** A file's text; errors name the file. @throws not_found, input_invalid */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    throw new VeriteeError(code === "ENOENT" ? "not_found" : "input_invalid", "cannot read the file", { file: path, cause: code }, { cause });
  }
}

/** A file's bytes; errors name the file. @throws not_found */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return Uint8Array.from(await readFile(path));
  } catch (cause) {
    throw new VeriteeError("not_found", "cannot read the file", { file: path }, { cause });
  }
}

/** @throws not_found, input_invalid (not JSON), naming the file */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new VeriteeError("input_invalid", "not JSON", { file: path, cause: (cause as Error).message }, { cause });
  }
}

/** The platform's own model, or the program's default one. @throws model_invalid naming file and field */
export async function readModel(program: Program, path: string | undefined): Promise<Scorecard> {
  if (path === undefined) return program.defaultModel;
  const text = await readText(path);
  try {
    return parseScorecardJson(program, text);
  } catch (error) {
    if (!(error instanceof VeriteeError)) throw error;
    throw new VeriteeError(error.code, error.message, { file: basename(path), ...error.facts }, { cause: error });
  }
}

/** For an option that may be given more than once. */
export const collect = <T>(parse: (text: string) => T) => (text: string, before: T[] | undefined): T[] => [...(before ?? []), parse(text)];
