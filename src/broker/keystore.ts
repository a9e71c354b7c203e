import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { fromBase64, toBase64, utf8, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { ObjectId } from "../protocol/ids.js";
import { readFileIfPresent, writeFileAtomic } from "./atomic-file.js";
import { acquireLock } from "./file-lock.js";
import type { KeyStore } from "./ports.js";

/** scrypt at 128 MiB: about half a second a guess on one core. */
const KDF = { n: 2 ** 17, r: 8, p: 1 } as const;
const LOCK_WAIT_MS = 10_000;

const header = z.strictObject({
  format: z.literal("veritee-keystore/1"),
  // Exactly ours: a file may not make us spend more memory, nor less effort.
  kdf: z.strictObject({ name: z.literal("scrypt"), n: z.literal(KDF.n), r: z.literal(KDF.r), p: z.literal(KDF.p), salt: z.string() }),
});
const fileSchema = header.extend({ nonce: z.string(), ciphertext: z.string() });
type Header = z.infer<typeof header>;

/**
 * Keys in one file under a passphrase: scrypt, AES-256-GCM. Each read looks at the file anew, so that a running broker
 * sees keys which another process has added; writes take a lock and replace the file whole. Deleting a key makes what it
 * sealed unreadable for ever.
 */
export class EncryptedKeyStore implements KeyStore {
  private constructor(
    private readonly path: string,
    private readonly header: Header,
    private readonly wrappingKey: Bytes,
  ) {}

  /** Opens or creates `keystore.json` of a folder that exists. @throws open_failed (wrong passphrase or damaged file) */
  static async open(folder: string, passphrase: string): Promise<EncryptedKeyStore> {
    ensure(passphrase.length > 0, "input_invalid", "the key store needs a passphrase", { field: "passphrase" });
    const path = join(folder, "keystore.json");
    const unlock = await acquireLock(`${path}.lock`, LOCK_WAIT_MS);
    try {
      const existing = await readFileIfPresent(path);
      const head = existing === undefined ? newHeader() : parseFile(existing).header;
      const store = new EncryptedKeyStore(path, head, await deriveKey(passphrase, head));
      if (existing === undefined) await store.#write(new Map());
      else await store.#read();
      return store;
    } finally {
      await unlock();
    }
  }

  async get(name: ObjectId | string): Promise<Bytes | undefined> {
    return (await this.#read()).get(name);
  }

  async names(): Promise<string[]> {
    return [...(await this.#read()).keys()];
  }

  /** A name is written once: a key that is replaced by mistake is lost. @throws conflict, store_locked */
  async put(name: ObjectId | string, key: Bytes): Promise<void> {
    await this.#change((keys) => {
      ensure(!keys.has(name), "conflict", "the key store has a key of this name", { name });
      keys.set(name, Uint8Array.from(key));
    });
  }

  /** Returns whether there was such a key. */
  async delete(name: ObjectId | string): Promise<boolean> {
    return this.#change((keys) => keys.delete(name));
  }

  async #change<T>(change: (keys: Map<string, Bytes>) => T): Promise<T> {
    const unlock = await acquireLock(`${this.path}.lock`, LOCK_WAIT_MS);
    try {
      const keys = await this.#read();
      const result = change(keys);
      await this.#write(keys);
      return result;
    } finally {
      await unlock();
    }
  }

  async #read(): Promise<Map<string, Bytes>> {
    const content = await readFileIfPresent(this.path);
    ensure(content !== undefined, "store_failed", "the key store is gone", { path: this.path });
    const { nonce, ciphertext } = parseFile(content);
    const plaintext = decrypt(this.wrappingKey, this.header, fromBase64(nonce), fromBase64(ciphertext));
    const entries = z.record(z.string(), z.string()).parse(JSON.parse(plaintext.toString("utf8")));
    plaintext.fill(0);
    return new Map(Object.entries(entries).map(([name, key]) => [name, fromBase64(key)]));
  }

  async #write(keys: ReadonlyMap<string, Bytes>): Promise<void> {
    const plaintext = Buffer.from(JSON.stringify(Object.fromEntries([...keys].map(([name, key]) => [name, toBase64(key)]))));
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.wrappingKey, nonce).setAAD(aad(this.header));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    plaintext.fill(0);
    const file = { ...this.header, nonce: toBase64(nonce), ciphertext: toBase64(ciphertext) };
    await writeFileAtomic(this.path, `${JSON.stringify(file)}\n`);
  }
}

const newHeader = (): Header =>
  ({ format: "veritee-keystore/1", kdf: { name: "scrypt", ...KDF, salt: toBase64(randomBytes(32)) } });

const aad = (head: Header): Bytes => utf8(`${head.format} ${head.kdf.name} ${head.kdf.n} ${head.kdf.r} ${head.kdf.p} ${head.kdf.salt}`);

function parseFile(content: Buffer): { header: Header; nonce: string; ciphertext: string } {
  try {
    const { nonce, ciphertext, ...head } = fileSchema.parse(JSON.parse(content.toString("utf8")));
    return { header: head, nonce, ciphertext };
  } catch (cause) {
    throw new VeriteeError("open_failed", "not a key store file of this version", {}, { cause });
  }
}

function deriveKey(passphrase: string, { kdf }: Header): Promise<Bytes> {
  const cost = { N: kdf.n, r: kdf.r, p: kdf.p, maxmem: 256 * kdf.n * kdf.r };
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize("NFC"), fromBase64(kdf.salt), 32, cost, (error, key) => (error === null ? resolve(key) : reject(error))));
}

function decrypt(key: Bytes, head: Header, nonce: Bytes, sealed: Bytes): Buffer {
  try {
    const tagAt = sealed.length - 16;
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAAD(aad(head)).setAuthTag(sealed.subarray(tagAt));
    return Buffer.concat([decipher.update(sealed.subarray(0, tagAt)), decipher.final()]);
  } catch {
    throw new VeriteeError("open_failed", "cannot open the key store");
  }
}
