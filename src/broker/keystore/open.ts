import { join } from "node:path";
import { ensure } from "../../protocol/errors.js";
import { readFileIfPresent } from "../atomic-file.js";
import { underStoreLock } from "./change-file.js";
import type { Entries, ReplaceableKeyFile, WrappingKeys } from "./entries.js";
import { ErasureFolder } from "./erasure-folder.js";
import { makeEntry, newWrappingId, PartyKeyStore } from "./key-store.js";
import { PassphraseFile, readOldStore } from "./passphrase-file.js";
import { TokenSession } from "./pkcs11/session.js";
import { TokenKeys } from "./pkcs11/token-keys.js";
import { parseTokenUri, tokenUri, type TokenUri } from "./pkcs11/uri.js";
import { TokenFile } from "./token-file.js";

export const storePath = (folder: string): string => join(folder, "keystore.json");
export const erasureFolder = (folder: string): Promise<ErasureFolder> => ErasureFolder.open(join(folder, "erasure"));

/** The two halves of a store, and how to let go of them. */
export interface StoreParts { readonly file: ReplaceableKeyFile; readonly wrapping: WrappingKeys; readonly token?: string; readonly close: () => void }

export interface OpenOptions {
  /** Where the store's token is on this machine, or is to be (RFC 7512); a file under a passphrase when left out. */
  readonly keystore?: string | undefined;
  /** Unix seconds. */
  readonly now?: () => number;
}

const systemTime = (): number => Math.floor(Date.now() / 1000);

/** Opens or creates the key store of a folder that exists. @throws open_failed (wrong passphrase or PIN, damaged), config_invalid, not_found (token) */
export async function openKeyStore(folder: string, secret: string, options: OpenOptions = {}): Promise<PartyKeyStore> {
  const { file, wrapping, close } = await openParts(folder, secret, options.keystore) ?? await createParts(folder, secret, options.keystore);
  return new PartyKeyStore(file, wrapping, options.now ?? systemTime, close);
}

/** What is there, undefined when nothing is; a file of the first release is brought up to date. */
export async function openParts(folder: string, secret: string, keystore?: string): Promise<StoreParts | undefined> {
  const token = await TokenFile.open(storePath(folder));
  if (token !== undefined) return tokenParts(token, secret, keystore === undefined ? token.uri : sameToken(token.uri, parseTokenUri(keystore)));
  ensure(secret.length > 0, "input_invalid", "the key store needs a passphrase", { field: "passphrase" });
  await upgradeOld(folder, secret);
  const file = await PassphraseFile.open(storePath(folder), secret);
  if (file === undefined) return undefined;
  ensure(keystore === undefined, "config_invalid", "this folder's key store is a file under a passphrase: `veritee broker rotate-keystore` moves it into a token", { field: "keystore" });
  return fileParts(folder, file);
}

/** Both halves of a new store; nothing is written but the folder of wrapping keys. */
export async function prepareParts(folder: string, secret: string, keystore: string | undefined): Promise<StoreParts> {
  if (keystore !== undefined) {
    const uri = parseTokenUri(keystore);
    return tokenParts(TokenFile.prepare(storePath(folder), uri), secret, uri);
  }
  ensure(secret.length > 0, "input_invalid", "the key store needs a passphrase", { field: "passphrase" });
  return fileParts(folder, await PassphraseFile.prepare(storePath(folder), secret));
}

async function createParts(folder: string, secret: string, keystore: string | undefined): Promise<StoreParts> {
  const parts = await prepareParts(folder, secret, keystore);
  await underStoreLock(storePath(folder), async () => {
    const there = await readFileIfPresent(storePath(folder));
    ensure(there === undefined, "conflict", "another process made a key store here: start again", { folder });
    await parts.file.replaceWith(new Map());
  });
  return parts;
}

const fileParts = async (folder: string, file: PassphraseFile): Promise<StoreParts> =>
  ({ file, wrapping: await erasureFolder(folder), close: () => undefined });

async function tokenParts(file: TokenFile, pin: string, uri: TokenUri): Promise<StoreParts> {
  const session = await TokenSession.open(uri, pin);
  return { file, wrapping: new TokenKeys(session, file.uri.object), token: tokenUri(uri), close: () => session.close() };
}

/** The library may lie elsewhere on another machine; the token must be the same. */
function sameToken(recorded: TokenUri, given: TokenUri): TokenUri {
  ensure(recorded.token === given.token && (given.serial === undefined || recorded.serial === undefined || given.serial === recorded.serial),
    "config_invalid", "the key store is in another token", { field: "keystore", token: recorded.token });
  return { ...recorded, modulePath: given.modulePath };
}

/** Wraps the keys of a first-release file one by one. What backups have of that file cannot be changed: entries say so. */
async function upgradeOld(folder: string, passphrase: string): Promise<void> {
  const path = storePath(folder);
  const content = await readFileIfPresent(path);
  if (content === undefined || (await readOldStore(content, passphrase)) === undefined) return;
  await underStoreLock(path, async () => {
    const keys = await readOldStore(await readFileIfPresent(path) ?? content, passphrase);
    if (keys === undefined) return;
    const { file, wrapping } = await fileParts(folder, await PassphraseFile.prepare(path, passphrase));
    const entries: Entries = new Map();
    for (const [name, key] of keys) {
      const entry = await makeEntry(file, wrapping, newWrappingId(), name, key);
      entries.set(name, "under" in entry ? { ...entry, older: true } : entry);
      key.fill(0);
    }
    await file.replaceWith(entries);
  });
}
