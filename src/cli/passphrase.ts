import { createInterface } from "node:readline";
import { VeriteeError } from "../protocol/errors.js";
import { readText } from "./options.js";

export interface PassphraseOptions { passphraseFile?: string | undefined; environment?: string; ask?: string }

/** From a file, from VERITEE_PASSPHRASE (or another variable), or asked for at a terminal; never from an argument, which other users could see. */
export async function passphrase(options: PassphraseOptions): Promise<string> {
  if (options.passphraseFile !== undefined) return (await readText(options.passphraseFile)).replace(/\r?\n$/, "");
  const fromEnvironment = process.env[options.environment ?? "VERITEE_PASSPHRASE"];
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (process.stdin.isTTY) return ask(options.ask ?? "passphrase");
  const what = options.ask ?? "passphrase";
  throw new VeriteeError("config_invalid", `no ${what}: give --${what.replace(" ", "-")}-file or set ${options.environment ?? "VERITEE_PASSPHRASE"}`);
}

function ask(what: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write(`${what}: `);
  process.stdin.setRawMode?.(false);
  return new Promise((resolve) => lines.once("line", (line) => {
    lines.close();
    resolve(line);
  }));
}
