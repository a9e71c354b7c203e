import { randomBytes } from "node:crypto";
import { mkdir, open as openFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { readFileIfPresent, syncFolder, writeFileAtomic } from "../atomic-file.js";
import { hasCode } from "../file-lock.js";
import { open, seal, wrapAad } from "./aead.js";
import type { WrappingKeys } from "./entries.js";

const SECRET_BYTES = 32;
/** Longer than a secret, so that it covers one; shorter than a sector, so that it is written whole or not. */
const TOMBSTONE = "this wrapping key was destroyed; what it wrapped cannot be opened\n";

/**
 * Wrapping keys as files of 32 random bytes beside the key store. Backups of the store must leave this folder out: that is all
 * that makes destruction reach them (docs/broker.md). A destroyed one is written over in place and stays as a tombstone.
 */
export class ErasureFolder implements WrappingKeys {
  readonly method = "wrapping key overwritten";

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<ErasureFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Borg, restic and others leave out a folder with such a file when they are told its name.
    await writeFile(join(folder, ".nobackup"), "", { flag: "a" });
    return new ErasureFolder(folder);
  }

  async create(id: string): Promise<void> {
    const secret = randomBytes(SECRET_BYTES);
    await writeFileAtomic(this.#path(id), secret);
    secret.fill(0);
  }

  async seal(id: string, name: string, key: Bytes): Promise<Bytes> {
    const secret = await this.#secret(id);
    ensure(secret !== "erased", "store_failed", "the wrapping key was destroyed before its use", { name });
    return this.#using(secret, (s) => seal(s, wrapAad(name), key));
  }

  async open(id: string, name: string, box: Bytes): Promise<Bytes | "erased"> {
    const secret = await this.#secret(id);
    return secret === "erased" ? secret : this.#using(secret, (s) => open(s, wrapAad(name), box));
  }

  async isErased(id: string): Promise<boolean> {
    const secret = await this.#secret(id);
    if (secret === "erased") return true;
    secret.fill(0);
    return false;
  }

  async erase(id: string): Promise<void> {
    try {
      const file = await openFile(this.#path(id), "r+");
      try {
        await file.write(TOMBSTONE, 0);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      // It was never made, or is on another disk: then the tombstone keeps a copy from being put back unseen.
      if (!hasCode(error, "ENOENT")) throw new VeriteeError("store_failed", "cannot destroy the wrapping key", { file: this.#path(id) }, { cause: error });
      await writeFileAtomic(this.#path(id), TOMBSTONE);
    }
    await syncFolder(this.folder);
  }

  /** @throws open_failed when it is not there: a store whose wrapping keys were not brought along */
  async #secret(id: string): Promise<Buffer | "erased"> {
    const content = await readFileIfPresent(this.#path(id));
    ensure(content !== undefined, "open_failed", "the wrapping key of this key is not here: it is kept apart from backups", { file: this.#path(id) });
    // Whatever is no secret is no longer one.
    return content.length === SECRET_BYTES ? content : "erased";
  }

  async #using<T>(secret: Buffer, use: (secret: Bytes) => T | Promise<T>): Promise<T> {
    try {
      return await use(secret);
    } finally {
      secret.fill(0);
    }
  }

  #path(id: string): string {
    return join(this.folder, id);
  }
}
