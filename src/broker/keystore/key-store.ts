import { randomBytes } from "node:crypto";
import { fromBase64, toBase64, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { ObjectId } from "../../protocol/ids.js";
import type { KeyStore } from "../ports.js";
import type { Entry, KeyFile, WrappingKeys } from "./entries.js";

/** What is left of a key: when it was destroyed, and how. */
export interface DestroyedKey {
  readonly name: string;
  /** Unix seconds. */
  readonly at: number;
  readonly method: string;
}

const BEFORE_WRAPPING = "; copies of the store from before it had wrapping keys still hold the key";

/** The one key that backups of a store are to bring back: the party itself. */
export const IDENTITY = "identity";

export const newWrappingId = (): string => toHex(Uint8Array.from(randomBytes(16)));

/**
 * A party's keys: a file that says which there are, and wrapping keys that are kept apart from it. Each read looks at both anew,
 * so that a running broker sees what another process has added or destroyed.
 */
export class PartyKeyStore implements KeyStore {
  constructor(private readonly file: KeyFile, private readonly wrapping: WrappingKeys, private readonly now: () => number, readonly close: () => void = () => undefined) {}

  /** A copy that the caller wipes. @throws key_destroyed, open_failed, store_failed */
  async get(name: ObjectId | string): Promise<Bytes | undefined> {
    const entry = (await this.file.read()).get(name);
    if (entry === undefined) return undefined;
    const key = await openEntry(this.file, this.wrapping, name, entry);
    if (key === "erased") throw new VeriteeError("key_destroyed", "the key was destroyed", { name });
    return key;
  }

  /** Keys that are there and not destroyed. */
  async names(): Promise<string[]> {
    return [...await this.file.read()].filter(([, entry]) => !("destroyedAt" in entry)).map(([name]) => name);
  }

  /** A name is written once: a key that is replaced by mistake is lost. @throws conflict, store_locked */
  async put(name: ObjectId | string, key: Bytes): Promise<void> {
    await this.file.change(async (entries) => {
      ensure(!entries.has(name), "conflict", "the key store has a key of this name", { name });
      entries.set(name, await makeEntry(this.file, this.wrapping, newWrappingId(), name, key));
    });
  }

  /**
   * Destroys a key for good, in this store and in every copy of its file. Again is the same: what was interrupted is finished.
   * @throws not_found, input_invalid for an identity
   */
  async destroy(name: ObjectId | string): Promise<DestroyedKey> {
    return this.file.change(async (entries) => {
      const entry = entries.get(name);
      ensure(entry !== undefined, "not_found", "the key store has no such key", { name });
      ensure(name !== IDENTITY && !("lasting" in entry), "input_invalid", "an identity cannot be destroyed", { name });
      if ("destroyedAt" in entry) return this.#remains(name, entry.destroyedAt, entry.older);
      await this.wrapping.erase(entry.under);
      const at = this.now();
      entries.set(name, { destroyedAt: at, ...older(entry) });
      return this.#remains(name, at, entry.older);
    });
  }

  /** All keys that were destroyed, also those of which only the wrapping key says so: an older copy of the file was put back. */
  async destroyed(): Promise<readonly DestroyedKey[]> {
    const found: DestroyedKey[] = [];
    for (const [name, entry] of await this.file.read()) {
      if ("destroyedAt" in entry) found.push(this.#remains(name, entry.destroyedAt, entry.older));
      else if ("under" in entry && (await this.wrapping.isErased(entry.under))) found.push(this.#remains(name, this.now(), entry.older));
    }
    return found;
  }

  #remains(name: string, at: number, before: true | undefined): DestroyedKey {
    return { name, at, method: this.wrapping.method + (before === true ? BEFORE_WRAPPING : "") };
  }
}

/** Wraps a key for a store. The wrapping key is made before what refers to it: a process that dies in between leaves one of nothing. */
export async function makeEntry({ lasting }: KeyFile, wrapping: WrappingKeys, id: string, name: string, key: Bytes): Promise<Entry> {
  if (name === IDENTITY && lasting !== undefined) return { lasting: toBase64(lasting.seal(name, key)) };
  await wrapping.create(id);
  return { under: id, box: toBase64(await wrapping.seal(id, name, key)) };
}

/** @throws open_failed, store_failed */
export async function openEntry({ lasting }: KeyFile, wrapping: WrappingKeys, name: string, entry: Entry): Promise<Bytes | "erased"> {
  if ("destroyedAt" in entry) return "erased";
  if ("under" in entry) return wrapping.open(entry.under, name, fromBase64(entry.box));
  ensure(lasting !== undefined, "store_failed", "the key store is of another kind than its entries", { name });
  return lasting.open(name, fromBase64(entry.lasting));
}

export const older = (entry: { readonly older?: true | undefined }): { older?: true } => (entry.older === true ? { older: true } : {});
