import { createCipheriv, randomBytes, scryptSync } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKeyStore } from "../../src/broker/keystore/open.js";
import { isRotating, rotateKeyStore, type StoreAccess } from "../../src/broker/keystore/rotate.js";
import { parseTokenUri, tokenUri } from "../../src/broker/keystore/pkcs11/uri.js";
import { toBase64, toHex, utf8 } from "../../src/protocol/bytes.js";
import { PIN, softTokens, WITHOUT_TOKEN } from "./harness/token.js";

const PASSPHRASE = "correct horse battery staple";
const key = new Uint8Array(32).fill(77);
const now = (): number => 1_800_000_000;
const refused = (code: string) => expect.objectContaining({ code });

let root: string;
let uriOf: (label: string) => string = () => "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "veritee-keys-"));
  if (WITHOUT_TOKEN === undefined) uriOf = await softTokens(join(root, "hsm"), ["one", "two"]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

let count = 0;
const folderOf = async (): Promise<string> => mkdtemp(join(root, `store-${count++}-`));

const KINDS: readonly { kind: string; access: () => StoreAccess; wrong: () => StoreAccess; other: () => StoreAccess; skip?: string | undefined }[] = [
  { kind: "a file under a passphrase", access: () => ({ secret: PASSPHRASE }), wrong: () => ({ secret: "wrong" }), other: () => ({ secret: "another passphrase" }) },
  { kind: "a token", access: () => ({ secret: PIN, keystore: uriOf("one") }), wrong: () => ({ secret: "9999", keystore: uriOf("one") }), other: () => ({ secret: PIN, keystore: uriOf("two") }), skip: WITHOUT_TOKEN },
];

if (WITHOUT_TOKEN !== undefined) console.warn(WITHOUT_TOKEN);

describe.each(KINDS)("key store in $kind", ({ access, wrong, other, skip }) => {
  const open = (folder: string, by = access()) => openKeyStore(folder, by.secret, { keystore: by.keystore, now });
  const started = async () => {
    const folder = await folderOf();
    const store = await open(folder);
    await store.put("identity", new Uint8Array(32).fill(5));
    await store.put("dataset", key);
    return { folder, store };
  };
  const test = (name: string, body: () => Promise<void>): void => void it.skipIf(skip !== undefined)(name, body);

  test("gives back what was put in, to this process and to one that opens it later", async () => {
    const { folder, store } = await started();
    expect(await store.get("dataset")).toEqual(key);
    const later = await open(folder);
    expect(await later.get("dataset")).toEqual(key);
    expect(await later.get("absent")).toBeUndefined();
    expect(await later.names()).toEqual(["identity", "dataset"]);
  });

  test("shows keys that another has added after it was opened, and hides those that another destroyed", async () => {
    const { folder, store } = await started();
    const another = await open(folder);
    await another.put("added", key);
    expect(await store.get("added")).toEqual(key);
    await store.destroy("added");
    await expect(another.get("added")).rejects.toEqual(refused("key_destroyed"));
    expect(await another.names()).not.toContain("added");
    expect(await another.destroyed()).toEqual([expect.objectContaining({ name: "added", at: now() })]);
  });

  test("loses no key when many are added at once", async () => {
    const { store } = await started();
    await Promise.all(Array.from({ length: 10 }, (_, n) => store.put(`many-${n}`, key)));
    expect(await store.names()).toEqual(expect.arrayContaining(Array.from({ length: 10 }, (_, n) => `many-${n}`)));
  });

  test("refuses to replace a key, also one that was destroyed, and to destroy an identity or what is not there", async () => {
    const { store } = await started();
    await expect(store.put("dataset", new Uint8Array(32))).rejects.toEqual(refused("conflict"));
    await store.destroy("dataset");
    await expect(store.put("dataset", key)).rejects.toEqual(refused("conflict"));
    await expect(store.destroy("identity")).rejects.toEqual(refused("input_invalid"));
    await expect(store.destroy("absent")).rejects.toEqual(refused("not_found"));
    expect(await store.get("identity")).toEqual(new Uint8Array(32).fill(5));
  });

  test("opens under no other secret, and under no empty one; what it says does not tell why", async () => {
    const { folder } = await started();
    const said = await open(folder, wrong()).catch((error: unknown) => error);
    expect(said).toMatchObject({ code: "open_failed", message: "cannot open the key store" });
    await expect(open(folder, { ...access(), secret: "" })).rejects.toEqual(refused("input_invalid"));
  });

  test("holds no key in the clear, is private, and leaves no temporary file", async () => {
    const { folder } = await started();
    const text = await readFile(join(folder, "keystore.json"), "utf8");
    for (const secret of [toHex(key), toBase64(key), access().secret]) expect(text).not.toContain(secret);
    expect((await stat(join(folder, "keystore.json"))).mode & 0o077).toBe(0);
    expect((await readdir(folder)).filter((n) => n !== "erasure")).toEqual(["keystore.json"]);
  });

  test("does not open a box that was moved to another name", async () => {
    const { folder, store } = await started();
    if (access().keystore === undefined) return; // inside the sealed file nobody can move one
    await store.put("second", key);
    const path = join(folder, "keystore.json");
    const file = JSON.parse(await readFile(path, "utf8")) as { keys: Record<string, unknown> };
    await writeFile(path, JSON.stringify({ ...file, keys: { ...file.keys, second: file.keys["dataset"] } }));
    await expect(store.get("second")).rejects.toEqual(refused("open_failed"));
  });

  test("a key that was destroyed is in no backup of the store's file either", async () => {
    const { folder, store } = await started();
    await store.put("kept", key);
    const backup = await readFile(join(folder, "keystore.json"));
    await store.destroy("dataset");
    expect(await store.destroy("dataset")).toMatchObject({ name: "dataset", at: now() });
    await writeFile(join(folder, "keystore.json"), backup);
    const restored = await open(folder);
    await expect(restored.get("dataset")).rejects.toEqual(refused("key_destroyed"));
    expect(await restored.destroyed()).toMatchObject([{ name: "dataset" }]);
    expect(await restored.get("kept")).toEqual(key);
    expect(await restored.get("identity")).toEqual(new Uint8Array(32).fill(5));
    // Interrupted after the wrapping key had gone: again finishes it.
    await restored.destroy("dataset");
    await expect(restored.get("dataset")).rejects.toEqual(refused("key_destroyed"));
  });

  test("rotates: all keys open under the new secret, and no copy of the old file opens one, whoever has the old secret", async () => {
    const { folder, store } = await started();
    await store.put("gone", key);
    await store.destroy("gone");
    const backup = await readFile(join(folder, "keystore.json"));
    expect(await rotateKeyStore(folder, access(), other(), now)).toBe(3);
    const rotated = await open(folder, other());
    expect([await rotated.get("dataset"), await rotated.get("identity")]).toEqual([key, new Uint8Array(32).fill(5)]);
    await expect(rotated.get("gone")).rejects.toEqual(refused("key_destroyed"));
    await expect(open(folder)).rejects.toEqual(expect.anything());
    // A broker that had it open stops rather than refusing jobs.
    await expect(store.get("dataset")).rejects.toEqual(refused("store_failed"));
    await writeFile(join(folder, "keystore.json"), backup);
    const restored = await open(folder);
    await expect(restored.get("dataset")).rejects.toEqual(refused("key_destroyed"));
    expect(await isRotating(folder)).toBe(false);
  });

  test("rotates from here into the other kind and back", async () => {
    if (WITHOUT_TOKEN !== undefined) return;
    const { folder } = await started();
    const across: StoreAccess = access().keystore === undefined ? { secret: PIN, keystore: uriOf("two") } : { secret: PASSPHRASE };
    await rotateKeyStore(folder, access(), across, now);
    expect(await (await open(folder, across)).get("dataset")).toEqual(key);
    await rotateKeyStore(folder, across, access(), now);
    const back = await open(folder);
    expect([await back.get("dataset"), await back.get("identity")]).toEqual([key, new Uint8Array(32).fill(5)]);
  });
});

describe("key store in a file", () => {
  it("refuses a file with weaker or heavier key derivation, or with a changed byte", async () => {
    const folder = await folderOf();
    const path = join(folder, "keystore.json");
    const store = await openKeyStore(folder, PASSPHRASE);
    await store.put("dataset", key);
    const original = await readFile(path, "utf8");
    const at = original.indexOf(`"sealed":"`) + 40;
    const flipped = original.slice(0, at) + (original[at] === "A" ? "B" : "A") + original.slice(at + 1);
    const generation = (JSON.parse(original) as { generation: string }).generation;
    const relabelled = original.replace(generation, generation.replace(/^./, (c) => (c === "0" ? "1" : "0")));
    for (const bad of [original.replace(`"n":131072`, `"n":1024`), original.replace(`"n":131072`, `"n":1073741824`), flipped, relabelled, "{", ""]) {
      await writeFile(path, bad);
      await expect(openKeyStore(folder, PASSPHRASE)).rejects.toEqual(refused("open_failed"));
    }
    await writeFile(path, original);
    expect(await store.get("dataset")).toEqual(key);
  });

  it("opens no data key without the folder of wrapping keys, and says that it is kept apart", async () => {
    const folder = await folderOf();
    const store = await openKeyStore(folder, PASSPHRASE);
    await store.put("identity", key);
    await store.put("dataset", key);
    const elsewhere = await folderOf();
    await cp(join(folder, "keystore.json"), join(elsewhere, "keystore.json"));
    const restored = await openKeyStore(elsewhere, PASSPHRASE);
    expect(await restored.get("identity")).toEqual(key);
    await expect(restored.get("dataset")).rejects.toMatchObject({ code: "open_failed", message: expect.stringContaining("kept apart from backups") as string });
  });

  it("brings a file of the first release up to date, and says that its older copies keep their keys", async () => {
    const folder = await folderOf();
    await writeFile(join(folder, "keystore.json"), firstRelease({ identity: key, dataset: key }));
    await expect(openKeyStore(folder, "wrong")).rejects.toEqual(refused("open_failed"));
    const store = await openKeyStore(folder, PASSPHRASE);
    expect([await store.get("identity"), await store.get("dataset")]).toEqual([key, key]);
    expect(await readFile(join(folder, "keystore.json"), "utf8")).toContain("veritee-keystore/2");
    expect((await store.destroy("dataset")).method).toContain("copies of the store from before");
  });
});

describe("the URI of a token (RFC 7512)", () => {
  it("is read and written", () => {
    const uri = parseTokenUri("pkcs11:token=My%20token;serial=ab;object=acme?module-path=/usr/lib/p11.so");
    expect(uri).toEqual({ token: "My token", serial: "ab", object: "acme", modulePath: "/usr/lib/p11.so" });
    expect(parseTokenUri(tokenUri(uri))).toEqual(uri);
  });

  it.each([
    ["another scheme", "file:token=x"], ["no library", "pkcs11:token=x"], ["a library by a relative path", "pkcs11:token=x?module-path=p11.so"],
    ["no token", "pkcs11:?module-path=/p"], ["a PIN", "pkcs11:token=x?module-path=/p&pin-value=1"], ["a PIN's file", "pkcs11:token=x?module-path=/p&pin-source=/f"],
    ["an attribute that is not known", "pkcs11:token=x;slot-id=1?module-path=/p"], ["an attribute twice", "pkcs11:token=x;token=y?module-path=/p"], ["bad percent-encoding", "pkcs11:token=%zz?module-path=/p"],
  ])("is refused with %s", (_, uri) => expect(() => parseTokenUri(uri)).toThrow(refused("config_invalid")));
});

function firstRelease(keys: Readonly<Record<string, Uint8Array>>): string {
  const salt = toBase64(Uint8Array.from(randomBytes(32)));
  const derived = scryptSync(PASSPHRASE, Buffer.from(salt, "base64"), 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 });
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", derived, nonce).setAAD(utf8(`veritee-keystore/1 scrypt 131072 8 1 ${salt}`));
  const plaintext = JSON.stringify(Object.fromEntries(Object.entries(keys).map(([name, k]) => [name, toBase64(k)])));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString("base64");
  return JSON.stringify({ format: "veritee-keystore/1", kdf: { name: "scrypt", n: 2 ** 17, r: 8, p: 1, salt }, nonce: nonce.toString("base64"), ciphertext });
}
