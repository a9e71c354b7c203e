import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Something in the place of blobs. `id` is undefined for what is none, such as the draft of an interrupted write. */
export interface StoredBlob { readonly name: string; readonly id: string | undefined; readonly writtenAt: Date }

/** All stored blobs, for whoever looks after them; a coordinator itself needs no list. */
export interface BlobShelf {
  list(): Promise<readonly StoredBlob[]>;
  /** Whether the bytes are those that the id names. */
  isIntact(blob: StoredBlob): Promise<boolean>;
  remove(blob: StoredBlob): Promise<void>;
}

const ID = /^[0-9a-f]{64}$/;

/** The folder of src/coordinator/blobs/folder.ts. */
export function folderShelf(folder: string): BlobShelf {
  return {
    list: async () => {
      const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(none);
      return Promise.all(names.filter((entry) => entry.isFile()).map(async (entry) => {
        const name = join(entry.parentPath, entry.name).slice(folder.length + 1);
        const inPlace = ID.test(entry.name) && name === join(entry.name.slice(0, 2), entry.name);
        return { name, id: inPlace ? entry.name : undefined, writtenAt: (await stat(join(folder, name))).mtime };
      }));
    },
    isIntact: async ({ name, id }) => {
      const hash = createHash("sha256");
      try {
        for await (const part of createReadStream(join(folder, name))) hash.update(part as Uint8Array);
      } catch {
        return false;
      }
      return hash.digest("hex") === id;
    },
    remove: ({ name }) => rm(join(folder, name), { force: true }),
  };
}

function none(error: NodeJS.ErrnoException): [] {
  if (error.code === "ENOENT") return [];
  throw error;
}
