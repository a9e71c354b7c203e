import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EncryptedKeyStore } from "../../src/broker/keystore.js";
import { toBase64, toHex } from "../../src/protocol/bytes.js";

const PASSPHRASE = "correct horse battery staple";
const key = new Uint8Array(32).fill(77);

describe("key store", () => {
  let folder: string;
  let store: EncryptedKeyStore;
  const path = (): string => join(folder, "keystore.json");
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "veritee-keys-"));
    store = await EncryptedKeyStore.open(folder, PASSPHRASE);
    await store.put("dataset", key);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("gives back what was put in, to this process and to one that opens it later", async () => {
    expect(await store.get("dataset")).toEqual(key);
    const later = await EncryptedKeyStore.open(folder, PASSPHRASE);
    expect(await later.get("dataset")).toEqual(key);
    expect(await later.get("absent")).toBeUndefined();
  });

  it("shows keys that another process added after it was opened", async () => {
    const other = await EncryptedKeyStore.open(folder, PASSPHRASE);
    await other.put("added", key);
    expect(await store.get("added")).toEqual(key);
    expect(await store.delete("added")).toBe(true);
    expect(await other.get("added")).toBeUndefined();
  });

  it("loses no key when many are added at once", async () => {
    await Promise.all(Array.from({ length: 10 }, (_, n) => store.put(`many-${n}`, key)));
    expect(await store.names()).toEqual(expect.arrayContaining(Array.from({ length: 10 }, (_, n) => `many-${n}`)));
  });

  it("refuses to replace a key", async () => {
    await expect(store.put("dataset", new Uint8Array(32))).rejects.toMatchObject({ code: "conflict" });
  });

  it("opens under no other passphrase, and under no empty one", async () => {
    await expect(EncryptedKeyStore.open(folder, "wrong")).rejects.toMatchObject({ code: "open_failed" });
    await expect(EncryptedKeyStore.open(folder, "")).rejects.toMatchObject({ code: "input_invalid" });
  });

  it("holds neither key nor passphrase in the clear, is private, and leaves no temporary file", async () => {
    const text = await readFile(path(), "utf8");
    for (const secret of [toHex(key), toBase64(key), PASSPHRASE, "dataset"]) expect(text).not.toContain(secret);
    expect((await stat(path())).mode & 0o077).toBe(0);
    expect(await readdir(folder)).toEqual(["keystore.json"]);
  });

  it("refuses a file with weaker or heavier key derivation, or with a changed byte", async () => {
    const original = await readFile(path(), "utf8");
    const at = original.indexOf(`"ciphertext":"`) + 40;
    const flipped = original.slice(0, at) + (original[at] === "A" ? "B" : "A") + original.slice(at + 1);
    for (const bad of [original.replace(`"n":131072`, `"n":1024`), original.replace(`"n":131072`, `"n":1073741824`), flipped, "{", ""]) {
      await writeFile(path(), bad);
      await expect(EncryptedKeyStore.open(folder, PASSPHRASE)).rejects.toMatchObject({ code: "open_failed" });
    }
    await writeFile(path(), original);
    expect(await store.get("dataset")).toEqual(key);
  });
});
