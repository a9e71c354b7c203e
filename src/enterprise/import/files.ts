import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";
import { VeriteeError } from "../../protocol/errors.js";
import type { DataSource, NamedStream } from "../../programs/import/source.js";

const CHUNK_BYTES = 1 << 18;

async function* read(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!path.endsWith(".gz")) {
    yield* file;
    return;
  }
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (cause) => unpacked.destroy(cause));
  try {
    yield* file.pipe(unpacked);
  } finally {
    file.destroy();
  }
}

async function* named(path: string): AsyncGenerator<Uint8Array> {
  const file = basename(path);
  try {
    yield* read(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT") throw new VeriteeError("not_found", "no such file", { file }, { cause });
    const gzip = code.startsWith("Z_");
    throw new VeriteeError("input_invalid", gzip ? "gzip file is truncated or damaged" : "file cannot be read", { file, code }, { cause });
  }
}

/** A CSV file, unpacked when its name ends in .gz. Reading throws not_found or input_invalid, naming the file. */
export const openCsv = (path: string): NamedStream => ({ file: basename(path), chunks: named(path) });

/** A folder of data files. list() throws not_found when there is no such folder. */
export function folderSource(path: string): DataSource {
  return {
    label: path,
    list: async () => {
      try {
        return await readdir(path);
      } catch (cause) {
        throw new VeriteeError("not_found", "no such folder", { folder: path }, { cause });
      }
    },
    open: (name) => named(join(path, name)),
  };
}
