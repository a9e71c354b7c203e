import { readFile } from "node:fs/promises";
import { VeriteeError } from "../protocol/errors.js";

/** A JSON object of settings; what is in it is checked by whoever takes it. @throws config_invalid */
export async function readSettings(path: string | undefined): Promise<Record<string, unknown>> {
  if (path === undefined) return {};
  const value: unknown = await readFile(path, "utf8").then(JSON.parse).catch((cause: unknown) => {
    throw new VeriteeError("config_invalid", "the settings file cannot be read as JSON", { file: path }, { cause });
  });
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new VeriteeError("config_invalid", "the settings file is not a JSON object", { file: path });
}

/** Without what was not said, so that it does not hide what a file says. */
export const said = <T extends Record<string, unknown>>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
