import { createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { fromHex, toHex, type Bytes } from "../../src/protocol/bytes.js";
import { signingKey, verifyEd25519 } from "../../src/protocol/dsse.js";
import type { PartyKey } from "../../src/protocol/ids.js";

const load = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as T;

interface AeadTest { tcId: number; key: string; iv: string; aad: string; msg: string; ct: string; tag: string; result: "valid" | "invalid" }
interface EddsaGroup { publicKey: { pk: string }; tests: { tcId: number; comment: string; msg: string; sig: string; result: "valid" | "invalid" }[] }

/** Hex of the plaintext, or "refused". */
async function webCrypto(t: AeadTest): Promise<string> {
  const key = await crypto.subtle.importKey("raw", Uint8Array.from(fromHex(t.key)), "AES-GCM", false, ["decrypt"]);
  const params = { name: "AES-GCM", iv: Uint8Array.from(fromHex(t.iv)), additionalData: Uint8Array.from(fromHex(t.aad)) };
  return crypto.subtle.decrypt(params, key, Uint8Array.from(fromHex(t.ct + t.tag))).then((p) => toHex(new Uint8Array(p)), () => "refused");
}

async function nodeCrypto(t: AeadTest): Promise<string> {
  try {
    const d = createDecipheriv("aes-256-gcm", fromHex(t.key), fromHex(t.iv), { authTagLength: 16 }).setAAD(fromHex(t.aad)).setAuthTag(fromHex(t.tag));
    return Buffer.concat([d.update(fromHex(t.ct)), d.final()]).toString("hex");
  } catch {
    return "refused";
  }
}

describe("Wycheproof AES-256-GCM", () => {
  const tests = load<{ testGroups: { tests: AeadTest[] }[] }>("wycheproof-aes-256-gcm.json").testGroups.flatMap((g) => g.tests);
  it.each([["WebCrypto, which seals segments", webCrypto], ["node:crypto, which seals the key store", nodeCrypto]])("%s: every verdict agrees", async (_name, open) => {
    expect(tests.length).toBe(47);
    for (const t of tests) expect([t.tcId, await open(t)]).toEqual([t.tcId, t.result === "valid" ? t.msg : "refused"]);
  });
});

describe("Ed25519", () => {
  it("verifyEd25519 agrees with every verdict of Wycheproof", () => {
    const { testGroups } = load<{ testGroups: EddsaGroup[] }>("wycheproof-ed25519.json");
    const tests = testGroups.flatMap((g) => g.tests.map((t) => ({ ...t, pk: g.publicKey.pk as PartyKey })));
    expect(tests.length).toBe(109);
    for (const t of tests) expect([t.tcId, verifyEd25519(t.pk, bytes(t.msg), bytes(t.sig))]).toEqual([t.tcId, t.result === "valid"]);
  });

  it("signs and verifies the vectors of RFC 8032", () => {
    const { vectors } = load<{ vectors: { secretKey: string; publicKey: string; message: string; signature: string }[] }>("rfc8032-ed25519.json");
    expect(vectors.length).toBe(3);
    for (const v of vectors) {
      const key = signingKey(fromHex(v.secretKey).slice(0, 32));
      expect(key.publicKey).toBe(v.publicKey);
      expect(toHex(key.sign(bytes(v.message)))).toBe(v.signature);
      expect(verifyEd25519(key.publicKey, bytes(v.message), bytes(v.signature))).toBe(true);
    }
  });
});

describe("HKDF-SHA256", () => {
  it("gives the vectors of RFC 5869", () => {
    const { vectors } = load<{ vectors: { ikm: string; salt: string; info: string; L: number; okm: string }[] }>("rfc5869-hkdf.json");
    expect(vectors.length).toBe(3);
    for (const v of vectors) expect(toHex(hkdf(sha256, bytes(v.ikm), bytes(v.salt), bytes(v.info), v.L))).toBe(v.okm);
  });
});

const bytes = (hex: string): Bytes => Uint8Array.from(fromHex(hex));
