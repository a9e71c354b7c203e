import { randomBytes } from "node:crypto";
import { z } from "zod";
import { toHex } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { readFileIfPresent, writeFileAtomic } from "../atomic-file.js";
import { changeFile } from "./change-file.js";
import { entriesFromJson, entriesToJson, type Entries, type Entry, type ReplaceableKeyFile } from "./entries.js";
import { parseTokenUri, tokenUri, type TokenUri } from "./pkcs11/uri.js";

const fileSchema = z.strictObject({
  format: z.literal("veritee-keystore-pkcs11/1"), generation: z.string().regex(/^[0-9a-f]{32}$/), token: z.string(), keys: z.unknown(),
});

/** `keystore.json` beside a token: names and wrapped keys, open to read. What opens them is in the token alone. */
export class TokenFile implements ReplaceableKeyFile {
  private constructor(private readonly path: string, readonly generation: string, readonly uri: TokenUri) {}

  /** Undefined when nothing, or a store of another kind, is there. */
  static async open(path: string): Promise<TokenFile | undefined> {
    const content = await readFileIfPresent(path);
    const file = content === undefined ? undefined : parseFile(content);
    return file === undefined ? undefined : new TokenFile(path, file.generation, parseTokenUri(file.token));
  }

  /** A new file, which is written by `replaceWith`. */
  static prepare(path: string, uri: TokenUri): TokenFile {
    return new TokenFile(path, toHex(Uint8Array.from(randomBytes(16))), uri);
  }

  async read(): Promise<Entries> {
    const content = await readFileIfPresent(this.path);
    const file = content === undefined ? undefined : parseFile(content);
    ensure(file?.generation === this.generation, "store_failed", "the key store is gone, or was rotated meanwhile: start again", { path: this.path });
    try {
      return entriesFromJson(file.keys);
    } catch (cause) {
      throw new VeriteeError("open_failed", "not a key store file of this version", {}, { cause });
    }
  }

  change<T>(change: (entries: Entries) => Promise<T>): Promise<T> {
    return changeFile(this, this.path, change);
  }

  async replaceWith(entries: ReadonlyMap<string, Entry>): Promise<void> {
    const file = { format: "veritee-keystore-pkcs11/1", generation: this.generation, token: tokenUri(this.uri), keys: entriesToJson(entries) };
    await writeFileAtomic(this.path, `${JSON.stringify(file, null, 2)}\n`);
  }
}

function parseFile(content: Buffer): z.infer<typeof fileSchema> | undefined {
  try {
    return fileSchema.safeParse(JSON.parse(content.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
