import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { DataSource, NamedStream } from "../../programs/import/source.js";

const CHUNK_BYTES = 1 << 18;
/** Tables of figures pack to a tenth; what unpacks to more than this many times its size is none. */
const MAX_RATIO = 20;
/** Short files may be more repetitive than that. */
const FREE_BYTES = 1 << 20;

async function* read(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!path.endsWith(".gz")) {
    yield* file;
    return;
  }
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (cause) => unpacked.destroy(cause));
  let bytes = 0;
  try {
    for await (const part of file.pipe(unpacked) as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      // Of what has been read so far: a bomb is refused at its beginning, not at its end.
      ensure(bytes <= FREE_BYTES + MAX_RATIO * file.bytesRead, "input_too_large", "the gzip file unpacks to too much: unpack it yourself if it is what it should be",
        { file: basename(path), ratio: MAX_RATIO });
      yield part;
    }
  } finally {
    file.destroy();
    unpacked.destroy();
  }
}

async function* named(path: string): AsyncGenerator<Uint8Array> {
  const file = basename(path);
  try {
    yield* read(path);
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (code === "ENOENT") throw new VeriteeError("not_found", "no such file", { file }, { cause });
    const gzip = code.startsWith("Z_");
    throw new VeriteeError("input_invalid", gzip ? "gzip file is truncated or damaged" : "file cannot be read", { file, code }, { cause });
  }
}

/** A CSV file, unpacked when its name ends in .gz. Reading throws not_found, input_invalid or input_too_large, naming the file. */
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
