import { unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ensure } from "../../protocol/errors.js";
import { readFileIfPresent, syncFolder, writeFileAtomic } from "../atomic-file.js";
import { underStoreLock } from "./change-file.js";
import type { Entries, WrappingKeys } from "./entries.js";
import { makeEntry, newWrappingId, older, openEntry } from "./key-store.js";
import { erasureFolder, openParts, prepareParts, storePath, type StoreParts } from "./open.js";

/** What opens a store: a passphrase, or a token (RFC 7512) and its PIN. */
export interface StoreAccess { readonly secret: string; readonly keystore?: string | undefined }

const id = z.string().regex(/^[0-9a-f]{32}$/);
/** On disk while a rotation is under way: what to undo before its one decisive write, and to finish after it. */
const intentSchema = z.strictObject({ format: z.literal("veritee-keystore-rotation/1"), to: id, made: z.array(id), erase: z.array(id), fromToken: z.string().optional() });
type Intent = z.infer<typeof intentSchema>;

/**
 * Wraps every key anew, under new wrapping keys, and the file under a new passphrase or beside another token; then destroys the
 * old wrapping keys, so that no copy of the old file opens a data key, whoever has its passphrase. Interrupted, it is called
 * again with the same arguments: before the new file is in place it starts over, afterwards it finishes. Whoever calls it has
 * stopped the broker.
 * @returns how many keys there are
 * @throws open_failed, config_invalid, store_failed
 */
export async function rotateKeyStore(folder: string, from: StoreAccess, to: StoreAccess, now: () => number): Promise<number> {
  const pending = await readIntent(folder);
  if (pending !== undefined && (await currentGeneration(folder)) === pending.to) return finish(folder, from, to, pending);
  const old = await openParts(folder, from.secret, from.keystore);
  ensure(old !== undefined, "not_found", "there is no key store to rotate", { folder });
  return closing(old, async () => {
    const fresh = await prepareParts(folder, to.secret, to.keystore);
    return closing(fresh, async () => {
      if (pending !== undefined) await eraseAll(fresh.wrapping, pending.made);
      return underStoreLock(storePath(folder), () => rotate(folder, old, fresh, now));
    });
  });
}

async function rotate(folder: string, old: StoreParts, fresh: StoreParts, now: () => number): Promise<number> {
  const entries = await old.file.read();
  const made = new Map([...entries.keys()].map((name) => [name, newWrappingId()]));
  const erase = [...entries.values()].flatMap((entry) => ("under" in entry ? [entry.under] : []));
  const intent: Intent = { format: "veritee-keystore-rotation/1", to: fresh.file.generation, made: [...made.values()], erase, fromToken: old.token };
  await writeFileAtomic(intentPath(folder), JSON.stringify(intent));
  const rewrapped: Entries = new Map();
  for (const [name, entry] of entries) {
    const key = await openEntry(old.file, old.wrapping, name, entry);
    if (key === "erased") {
      rewrapped.set(name, { destroyedAt: "destroyedAt" in entry ? entry.destroyedAt : now(), ...older("lasting" in entry ? {} : entry) });
      continue;
    }
    const wrapped = await makeEntry(fresh.file, fresh.wrapping, made.get(name) as string, name, key);
    rewrapped.set(name, "under" in entry && "under" in wrapped ? { ...wrapped, ...older(entry) } : wrapped);
    key.fill(0);
  }
  // From here on the old file is history.
  await fresh.file.replaceWith(rewrapped);
  await eraseAll(old.wrapping, erase);
  await dropIntent(folder);
  return rewrapped.size;
}

/** The new file is in place; what is left are old wrapping keys. */
async function finish(folder: string, from: StoreAccess, to: StoreAccess, intent: Intent): Promise<number> {
  const fresh = await openParts(folder, to.secret, to.keystore);
  ensure(fresh !== undefined, "store_failed", "the key store is gone", { folder });
  return closing(fresh, async () => {
    // A file that is replaced needs no passphrase any more: its wrapping keys lie beside it.
    if (intent.fromToken === undefined) await eraseAll(await erasureFolder(folder), intent.erase);
    else {
      const old = await prepareParts(folder, from.secret, intent.fromToken);
      await closing(old, () => eraseAll(old.wrapping, intent.erase));
    }
    await dropIntent(folder);
    return (await fresh.file.read()).size;
  });
}

async function eraseAll(wrapping: WrappingKeys, ids: readonly string[]): Promise<void> {
  for (const each of ids) await wrapping.erase(each);
}

async function closing<T>(parts: StoreParts, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    parts.close();
  }
}

const intentPath = (folder: string): string => join(folder, "keystore.rotation.json");

/** Whether a rotation was begun and not finished. */
export const isRotating = async (folder: string): Promise<boolean> => (await readIntent(folder)) !== undefined;

async function readIntent(folder: string): Promise<Intent | undefined> {
  const content = await readFileIfPresent(intentPath(folder));
  return content === undefined ? undefined : intentSchema.parse(JSON.parse(content.toString("utf8")));
}

async function dropIntent(folder: string): Promise<void> {
  await unlink(intentPath(folder));
  await syncFolder(dirname(intentPath(folder)));
}

async function currentGeneration(folder: string): Promise<string | undefined> {
  const content = await readFileIfPresent(storePath(folder));
  return content === undefined ? undefined : z.object({ generation: id.optional() }).parse(JSON.parse(content.toString("utf8"))).generation;
}
