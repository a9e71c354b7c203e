import { readFileSync } from "node:fs";
import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { describe, expect, it } from "vitest";
import { fromHex, toHex, utf8 } from "../../src/protocol/bytes.js";
import { deriveHpkeKeyPair, hpkeOpen, hpkeSeal } from "../../src/protocol/hpke.js";
import { referenceOpen, type AeadId } from "../harness/reference-hpke.js";

interface Vector {
  suite: string; name: string; mode: number; kem_id: number; aead_id: AeadId; info: string; ikmR: string; pkRm: string; skRm: string; enc: string;
  psk?: string; psk_id?: string; pkSm?: string;
  encryptions: { seq: number | string; ct: string; aad: string; pt: string }[];
  exports: { exporter_context: string; L: number; exported_value: string }[];
}
const { vectors } = JSON.parse(readFileSync(new URL("../vectors/rfc9180-hpke.json", import.meta.url), "utf8")) as { vectors: Vector[] };
const titled = (wanted: (v: Vector) => boolean): [string, Vector][] => vectors.filter(wanted).map((v) => [`${v.suite}, ${v.name}`, v]);
const buffer = (hex: string): ArrayBuffer => Uint8Array.from(fromHex(hex)).buffer;

describe("RFC 9180 vectors", () => {
  it.each(titled((v) => v.kem_id === 32))("our key derivation gives the recipient's key of %s", async (_title, v) => {
    const pair = await deriveHpkeKeyPair(1, fromHex(v.ikmR));
    expect([toHex(pair.publicKey.publicKey), toHex(pair.privateKey)]).toEqual([v.pkRm, v.skRm]);
  });

  it.each(titled((v) => v.aead_id === 1))("the library opens every message and exports every secret of %s", async (_title, v) => {
    const kem = v.kem_id === 32 ? new DhkemX25519HkdfSha256() : new DhkemP256HkdfSha256();
    const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes128Gcm() });
    const recipient = await suite.createRecipientContext({
      recipientKey: await kem.deserializePrivateKey(buffer(v.skRm)), enc: buffer(v.enc), info: buffer(v.info),
      ...(v.psk === undefined ? {} : { psk: { key: buffer(v.psk), id: buffer(v.psk_id as string) } }),
      ...(v.pkSm === undefined ? {} : { senderPublicKey: await kem.deserializePublicKey(buffer(v.pkSm)) }),
    });
    // The library opens in sequence only; the vectors have gaps after message 2.
    for (const e of v.encryptions.filter(({ seq }) => Number(seq) < 3)) {
      expect(toHex(new Uint8Array(await recipient.open(buffer(e.ct), buffer(e.aad))))).toBe(e.pt);
    }
    for (const e of v.exports) expect(toHex(new Uint8Array(await recipient.export(buffer(e.exporter_context), e.L)))).toBe(e.exported_value);
  });

  it.each(titled((v) => v.kem_id === 32 && v.mode === 0))("the reference in this test tree opens every message of %s", (_title, v) => {
    for (const e of v.encryptions) {
      const opened = referenceOpen(v.aead_id, fromHex(v.skRm), fromHex(v.enc), fromHex(v.info), fromHex(e.aad), fromHex(e.ct), Number(e.seq));
      expect(toHex(opened)).toBe(e.pt);
    }
  });
});

describe("our X25519 suite (AES-256-GCM, in no vector of the RFC)", () => {
  it("is opened by the reference that opens the RFC's vectors", async () => {
    const pair = await deriveHpkeKeyPair(1, new Uint8Array(32).fill(6));
    const box = await hpkeSeal(pair.publicKey, "info", utf8("aad"), utf8("a key"));
    expect(referenceOpen(2, pair.privateKey, box.enc, utf8("info"), utf8("aad"), box.ciphertext)).toEqual(utf8("a key"));
  });
});

describe.each([1, 2] as const)("HPKE suite %i refuses alike", (suite) => {
  it("another key, info, AAD, suite, and a flipped bit in every byte of the box", async () => {
    const pair = await deriveHpkeKeyPair(suite, new Uint8Array(32).fill(6));
    const other = await deriveHpkeKeyPair(suite, new Uint8Array(32).fill(7));
    const aad = utf8("aad");
    const box = await hpkeSeal(pair.publicKey, "info", aad, utf8("a key"));
    expect(await hpkeOpen(pair, "info", aad, box)).toEqual(utf8("a key"));
    const refused = { code: "open_failed", message: "cannot open" };
    await expect(hpkeOpen(other, "info", aad, box)).rejects.toMatchObject(refused);
    await expect(hpkeOpen(pair, "info2", aad, box)).rejects.toMatchObject(refused);
    await expect(hpkeOpen(pair, "info", utf8("aac"), box)).rejects.toMatchObject(refused);
    await expect(hpkeOpen(pair, "info", aad, { ...box, suite: suite === 1 ? 2 : 1 })).rejects.toMatchObject(refused);
    const step = suite === 1 ? 1 : 97;
    for (let at = 0; at < box.enc.length; at += step) await expect(hpkeOpen(pair, "info", aad, { ...box, enc: flip(box.enc, at) })).rejects.toMatchObject(refused);
    for (let at = 0; at < box.ciphertext.length; at++) {
      await expect(hpkeOpen(pair, "info", aad, { ...box, ciphertext: flip(box.ciphertext, at) })).rejects.toMatchObject(refused);
    }
  });
});

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[at] = (out[at] as number) ^ 1;
  return out;
}
