import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKeyStore } from "../../src/broker/keystore/open.js";
import { CKA, CKF_SERIAL_SESSION, CKO_SECRET_KEY, CKR } from "../../src/broker/keystore/pkcs11/constants.js";
import { loadLibrary } from "../../src/broker/keystore/pkcs11/library.js";
import { ATTRIBUTE_BYTES, readUlong, template, ulong } from "../../src/broker/keystore/pkcs11/memory.js";
import { TokenSession } from "../../src/broker/keystore/pkcs11/session.js";
import { parseTokenUri } from "../../src/broker/keystore/pkcs11/uri.js";
import { fromHex } from "../../src/protocol/bytes.js";
import { bundleScript, type Bundle } from "../faults/harness/bundle.js";
import { deleteToken, PIN, PKCS11_MODULE, softTokens, WITHOUT_TOKEN } from "./harness/token.js";

if (WITHOUT_TOKEN !== undefined) console.warn(WITHOUT_TOKEN);
const key = new Uint8Array(32).fill(77);

describe.skipIf(WITHOUT_TOKEN !== undefined)("a key store in a token", () => {
  let root: string;
  let uri: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "veritee-hsm-"));
    uri = (await softTokens(join(root, "hsm"), ["hsm", "fleeting"]))("hsm");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const fresh = async (keystore = uri) => {
    const folder = await mkdtemp(join(root, "home-"));
    return { folder, store: await openKeyStore(folder, PIN, { keystore }) };
  };

  it("wraps under keys that do not leave the token: their value is refused, with CKR_ATTRIBUTE_SENSITIVE", async () => {
    const { folder, store } = await fresh();
    await store.put("dataset", key);
    const { under } = (JSON.parse(await readFile(join(folder, "keystore.json"), "utf8")) as { keys: { dataset: { under: string } } }).keys.dataset;
    const session = await TokenSession.open(parseTokenUri(uri), PIN);
    const { address } = session.library;
    session.run((handle) => {
      const found = ulong(0);
      session.call("C_FindObjectsInit", handle, template([[CKA.class, CKO_SECRET_KEY], [CKA.id, fromHex(under)]], address), 2);
      session.call("C_FindObjects", handle, found, 1, ulong(0));
      session.call("C_FindObjectsFinal", handle);
      const wrapping = readUlong(found);
      expect(wrapping).not.toBe(0);
      const asked = template([[CKA.value, new Uint8Array(32)]], address);
      expect(asked.buffer.length).toBe(ATTRIBUTE_BYTES);
      expect(session.library.raw("C_GetAttributeValue", handle, wrapping, asked, 1)).toBe(CKR.attributeSensitive);
      expect(asked.keeps[0]).toEqual(Buffer.alloc(32));
      const flags = [CKA.sensitive, CKA.alwaysSensitive, CKA.extractable, CKA.neverExtractable].map((type) => {
        const flag = template([[type, false]], address);
        session.call("C_GetAttributeValue", handle, wrapping, flag, 1);
        return (flag.keeps[0] as Buffer)[0];
      });
      expect(flags).toEqual([1, 1, 0, 1]);
    });
    session.close();
  });

  it("opens again a session that was lost, and goes on", async () => {
    const { store } = await fresh();
    await store.put("dataset", key);
    const library = await loadLibrary(PKCS11_MODULE as string);
    // As when a token is taken out and put back: every session of the process is gone, and the login with it.
    for (let handle = 1; handle < 64; handle++) library.raw("C_CloseSession", handle);
    expect(await store.get("dataset")).toEqual(key);
    for (let handle = 1; handle < 128; handle++) library.raw("C_CloseSession", handle);
    await store.put("later", key);
    await store.destroy("later");
    await expect(store.get("later")).rejects.toMatchObject({ code: "key_destroyed" });
  });

  it("tells a token that is not there, and one that went, from a key that was destroyed", async () => {
    await expect(fresh(uri.replace("token=hsm", "token=absent"))).rejects.toMatchObject({ code: "not_found" });
    const { folder, store } = await fresh(uri.replace("token=hsm", "token=fleeting"));
    await store.put("dataset", key);
    store.close();
    deleteToken("fleeting");
    // Another process, which has not seen the token before.
    expect(await inAnotherProcess({ folder, secret: PIN })).toEqual({ code: "not_found" });
    await expect(openKeyStore(folder, PIN, { keystore: uri })).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("says of a library that is not one, and of none, which it was", async () => {
    const there = (path: string) => fresh(`pkcs11:token=hsm?module-path=${path}`);
    await expect(there("/nowhere/p11.so")).rejects.toMatchObject({ code: "config_invalid", facts: { path: "/nowhere/p11.so" } });
    await expect(there(process.execPath)).rejects.toMatchObject({ code: "config_invalid" });
  });

  it("is shared by two processes: each sees what the other adds and destroys", async () => {
    const { folder, store } = await fresh();
    await store.put("mine", key);
    expect(await inAnotherProcess({ folder, secret: PIN, get: "mine", put: "theirs" })).toEqual({ got: Array.from(key) });
    expect(await store.get("theirs")).toEqual(new Uint8Array(32).fill(9));
    expect(await inAnotherProcess({ folder, secret: PIN, destroy: "mine" })).toEqual({ got: null });
    await expect(store.get("mine")).rejects.toMatchObject({ code: "key_destroyed" });
  });

  it("refuses another process that has a wrong PIN, as a wrong passphrase is refused", async () => {
    const { folder } = await fresh();
    expect(await inAnotherProcess({ folder, secret: "0000" })).toEqual({ code: "open_failed", message: "cannot open the key store" });
  });

  let script: Bundle | undefined;
  async function inAnotherProcess(task: Readonly<Record<string, unknown>>): Promise<unknown> {
    script ??= await bundleScript(join(import.meta.dirname, "harness/keystore-child.ts"));
    const child = spawn(process.execPath, [script.path], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(JSON.stringify(task));
    let text = "";
    for await (const chunk of child.stdout) text += String(chunk);
    return JSON.parse(text) as unknown;
  }
  afterAll(() => script?.remove());
});
