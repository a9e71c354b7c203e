import type { Command } from "commander";
import { openHome, type Home, type PartyRole } from "./roles/home.js";
import { passphrase } from "./passphrase.js";
import { DEFAULT_HOME } from "./paths.js";

export interface HomeOptions { home: string; passphraseFile?: string; keystore?: string }
export interface RemoteOptions extends HomeOptions { coordinator: string }

/** --home and --passphrase-file, as every command of a party takes them. */
export const withHome = (command: Command): Command =>
  command
    .option("--home <dir>", "the party's folder", DEFAULT_HOME)
    .option("--passphrase-file <file>", "passphrase of its key store, or its token's PIN; VERITEE_PASSPHRASE otherwise");

/** --keystore, for the commands that make, move or run a key store. */
export const withKeystore = (command: Command): Command =>
  command.option("--keystore <uri>", "a token of PKCS #11: pkcs11:token=NAME?module-path=FILE (docs/broker.md); the PIN is asked for like a passphrase");

export const withCoordinator = (command: Command): Command =>
  withHome(command).requiredOption("--coordinator <url>", "the coordinator's address");

export const openPartyHome = async (options: HomeOptions, role: PartyRole): Promise<Home> =>
  openHome(options.home, role, await passphrase(options), options.keystore);
