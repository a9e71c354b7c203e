import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Bytes } from "../protocol/bytes.js";
import { collateralRequest, nameOf, type CollateralRequest } from "./request.js";
import type { VerifiedCollateral } from "./verify.js";

/*
 * <folder>/objects/<sha256>.json   collateral as it was verified
 * <folder>/entries/<name>.json     which object is the answer to which request
 * Both are written beside and renamed. Nothing read from here is trusted: an object must have its hash, and is verified anew.
 */

const entrySchema = z.strictObject({
  version: z.literal(1), request: collateralRequest, sha256: z.string().regex(/^[0-9a-f]{64}$/), anchor: z.enum(["intel", "amd", "sim"]),
  validUntil: z.int(), age: z.tuple([z.int(), z.int()]),
});
export type CacheEntry = Omit<z.infer<typeof entrySchema>, "version"> & { readonly name: string };

const MAX_ENTRY_BYTES = 32 * 1024;

export class CollateralCache {
  constructor(readonly folder: string) {}

  /** Undefined when there is none, or what there is was damaged. */
  async read(request: CollateralRequest): Promise<{ readonly entry: CacheEntry; readonly content: Bytes } | undefined> {
    const entry = await this.#entry(nameOf(request));
    const content = entry && (await readIfPresent(this.#object(entry.sha256)));
    if (entry === undefined || content === undefined || sha256(content) !== entry.sha256) return undefined;
    return { entry, content };
  }

  /** The object first: an entry never names one that is not there. */
  async write(request: CollateralRequest, content: Bytes, { anchor, validUntil, age }: VerifiedCollateral): Promise<CacheEntry> {
    const name = nameOf(request);
    const before = await this.#entry(name);
    const entry = { request, sha256: sha256(content), anchor, validUntil, age: [age[0], age[1]] as [number, number] };
    await writeWhole(this.#object(entry.sha256), content);
    await writeWhole(this.#path(name), JSON.stringify({ version: 1, ...entry }));
    if (before !== undefined && before.sha256 !== entry.sha256) await this.#dropUnused(before.sha256);
    return { name, ...entry };
  }

  /** By name. What cannot be read is left out. */
  async list(): Promise<readonly CacheEntry[]> {
    const files = await readdir(join(this.folder, "entries")).catch(ignoreMissing);
    const names = (files ?? []).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length)).sort();
    const entries = await Promise.all(names.map((name) => this.#entry(name)));
    return entries.filter((entry) => entry !== undefined);
  }

  /** False when there is no such entry. */
  async remove(name: string): Promise<boolean> {
    const entry = (await this.list()).find((e) => e.name === name);
    if (entry === undefined) return false;
    await rm(this.#path(name), { force: true });
    await this.#dropUnused(entry.sha256);
    return true;
  }

  async #entry(name: string): Promise<CacheEntry | undefined> {
    const bytes = await readIfPresent(this.#path(name));
    if (bytes === undefined || bytes.length > MAX_ENTRY_BYTES) return undefined;
    const parsed = entrySchema.safeParse(parseJson(bytes));
    // An entry under another request's name would answer the wrong question.
    if (!parsed.success || nameOf(parsed.data.request) !== name) return undefined;
    const { version: _, ...entry } = parsed.data;
    return { name, ...entry };
  }

  async #dropUnused(hash: string): Promise<void> {
    const used = (await this.list()).some((entry) => entry.sha256 === hash);
    if (!used) await rm(this.#object(hash), { force: true });
  }

  #path(name: string): string {
    return join(this.folder, "entries", `${name}.json`);
  }

  #object(hash: string): string {
    return join(this.folder, "objects", `${hash}.json`);
  }
}

const sha256 = (content: Bytes): string => createHash("sha256").update(content).digest("hex");

function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

const readIfPresent = async (path: string): Promise<Bytes | undefined> => {
  const buffer = await readFile(path).catch(ignoreMissing);
  return buffer && Uint8Array.from(buffer);
};

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

/** A crash leaves the old content or the new. Two writers of one name leave one of theirs. */
async function writeWhole(path: string, content: Bytes | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
