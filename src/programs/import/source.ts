import { utf8 } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";

/** A folder of files, wherever it is. Files ending in .gz are opened unpacked. */
export interface DataSource {
  /** how messages call it */
  readonly label: string;
  /** file names without path */
  list(): Promise<readonly string[]>;
  /** The unpacked content; reading fails when the file is truncated. */
  open(name: string): AsyncIterable<Uint8Array>;
}

/** A file to read, with the name that messages use. */
export interface NamedStream {
  readonly file: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Files in memory: what the generator makes, and what a browser's user picks. */
export function memorySource(files: ReadonlyMap<string, string | Uint8Array>, label = "memory"): DataSource {
  return {
    label,
    list: async () => [...files.keys()],
    open: (name) => streamOf(name, files.get(name)),
  };
}

async function* streamOf(name: string, content: string | Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (content === undefined) throw new VeriteeError("not_found", "no such file", { file: name });
  yield typeof content === "string" ? utf8(content) : content;
}
