import { createHmac, randomBytes, scrypt } from "node:crypto";
import { z } from "zod";
import { fromBase64, toBase64, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { readFileIfPresent, writeFileAtomic } from "../atomic-file.js";
import { open, seal, wrapAad } from "./aead.js";
import { changeFile } from "./change-file.js";
import { entriesFromJson, entriesToJson, type Entries, type Entry, type KeyFile, type ReplaceableKeyFile } from "./entries.js";

/** scrypt at 128 MiB: about half a second a guess on one core. */
const KDF = { n: 2 ** 17, r: 8, p: 1 } as const;

// Exactly ours: a file may not make us spend more memory, nor less effort.
const kdf = z.strictObject({ name: z.literal("scrypt"), n: z.literal(KDF.n), r: z.literal(KDF.r), p: z.literal(KDF.p), salt: z.base64() });
const header = z.strictObject({ format: z.literal("veritee-keystore/2"), generation: z.string().regex(/^[0-9a-f]{32}$/), kdf });
const fileSchema = header.extend({ sealed: z.base64() });
/** Of the first release: every key under the passphrase alone, so that any copy of the file keeps all of them. */
const oldFile = z.strictObject({ format: z.literal("veritee-keystore/1"), kdf, nonce: z.base64(), ciphertext: z.base64() });
type Header = z.infer<typeof header>;
type Kdf = z.infer<typeof kdf>;

/** `keystore.json` under a passphrase: scrypt, AES-256-GCM; names, sizes and order of the keys are inside. */
export class PassphraseFile implements ReplaceableKeyFile {
  readonly lasting: NonNullable<KeyFile["lasting"]>;

  private constructor(private readonly path: string, private readonly header: Header, private readonly key: Bytes) {
    const lastingKey = (): Bytes => Uint8Array.from(createHmac("sha256", key).update("lasting").digest());
    this.lasting = { seal: (name, k) => seal(lastingKey(), wrapAad(name), k), open: (name, box) => open(lastingKey(), wrapAad(name), box) };
  }

  /** Opens what is there. Undefined when nothing is. @throws open_failed (wrong passphrase or damaged file: never said which) */
  static async open(path: string, passphrase: string): Promise<PassphraseFile | undefined> {
    const content = await readFileIfPresent(path);
    if (content === undefined) return undefined;
    const file = new PassphraseFile(path, headerOf(content), await deriveKey(passphrase, headerOf(content).kdf));
    await file.read();
    return file;
  }

  /** A new file, which is written by `replaceWith`, under a salt and generation of its own. */
  static async prepare(path: string, passphrase: string): Promise<PassphraseFile> {
    const salt = toBase64(randomBytes(32));
    const head: Header = { format: "veritee-keystore/2", generation: toHex(randomBytes(16)), kdf: { name: "scrypt", ...KDF, salt } };
    return new PassphraseFile(path, head, await deriveKey(passphrase, head.kdf));
  }

  get generation(): string {
    return this.header.generation;
  }

  async read(): Promise<Entries> {
    const content = await readFileIfPresent(this.path);
    ensure(content !== undefined, "store_failed", "the key store is gone", { path: this.path });
    const { sealed, ...head } = parseFile(content);
    ensure(head.generation === this.header.generation, "store_failed", "the key store was rotated meanwhile: start again", { path: this.path });
    const plaintext = await open(this.key, aad(head), fromBase64(sealed));
    return entriesFromJson(JSON.parse(new TextDecoder().decode(plaintext)));
  }

  change<T>(change: (entries: Entries) => Promise<T>): Promise<T> {
    return changeFile(this, this.path, change);
  }

  async replaceWith(entries: ReadonlyMap<string, Entry>): Promise<void> {
    const sealed = toBase64(seal(this.key, aad(this.header), utf8(JSON.stringify(entriesToJson(entries)))));
    await writeFileAtomic(this.path, `${JSON.stringify({ ...this.header, sealed })}\n`);
  }
}

/** The keys of a store of the first release; undefined when it is none. @throws open_failed */
export async function readOldStore(content: Buffer, passphrase: string): Promise<ReadonlyMap<string, Bytes> | undefined> {
  const { data } = oldFile.safeParse(parseJson(content));
  if (data === undefined) return undefined;
  const { format, kdf: { name, n, r, p, salt } } = data;
  const box = Uint8Array.from([...fromBase64(data.nonce), ...fromBase64(data.ciphertext)]);
  const plaintext = await open(await deriveKey(passphrase, data.kdf), utf8(`${format} ${name} ${n} ${r} ${p} ${salt}`), box);
  const keys = z.record(z.string(), z.base64()).parse(JSON.parse(new TextDecoder().decode(plaintext)));
  plaintext.fill(0);
  return new Map(Object.entries(keys).map(([key, value]) => [key, fromBase64(value)]));
}

const aad = ({ format, generation, kdf: k }: Header): Bytes => utf8(`${format} ${generation} ${k.name} ${k.n} ${k.r} ${k.p} ${k.salt}`);

function headerOf(content: Buffer): Header {
  const { format, generation, kdf: k } = parseFile(content);
  return { format, generation, kdf: k };
}

function parseFile(content: Buffer): z.infer<typeof fileSchema> {
  const { data } = fileSchema.safeParse(parseJson(content));
  if (data === undefined) throw new VeriteeError("open_failed", "not a key store file of this version");
  return data;
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch {
    return undefined;
  }
}

function deriveKey(passphrase: string, { salt, n, r, p }: Kdf): Promise<Bytes> {
  const cost = { N: n, r, p, maxmem: 256 * n * r };
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize("NFC"), fromBase64(salt), 32, cost, (error, key) => (error === null ? resolve(Uint8Array.from(key)) : reject(error))));
}
