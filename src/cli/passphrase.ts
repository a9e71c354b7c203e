import { createInterface } from "node:readline";
import { VeriteeError } from "../protocol/errors.js";
import { readText } from "./options.js";

export interface PassphraseOptions { passphraseFile?: string }

/** From a file, from VERITEE_PASSPHRASE, or asked for at a terminal; never from an argument, which other users could see. */
export async function passphrase(options: PassphraseOptions): Promise<string> {
  if (options.passphraseFile !== undefined) return (await readText(options.passphraseFile)).replace(/\r?\n$/, "");
  const fromEnvironment = process.env["VERITEE_PASSPHRASE"];
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (process.stdin.isTTY) return ask();
  throw new VeriteeError("config_invalid", "no passphrase: give --passphrase-file or set VERITEE_PASSPHRASE");
}

function ask(): Promise<string> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write("passphrase: ");
  process.stdin.setRawMode?.(false);
  return new Promise((resolve) => lines.once("line", (line) => {
    lines.close();
    resolve(line);
  }));
}
