import { describe, expect, it } from "vitest";
import { encodeDer, readDer } from "../../../src/attestation/x509/der.js";
import { ecKey, readPublicKey, rsaKey, type PublicKey } from "../../../src/attestation/x509/keys.js";
import { forgetSignatures, verifyRemembered } from "../../../src/attestation/x509/remembered.js";
import { readSignatureScheme, verifySignature, type SignatureScheme } from "../../../src/attestation/x509/signature.js";
import { utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { authority, integer, NONE, oid, seq } from "./mint.js";

const MESSAGE = utf8("message");
const NULL = Uint8Array.of(5, 0);
const refusal = expect.objectContaining({ code: "evidence_malformed" }) as Error;

interface RsaSigner { readonly key: PublicKey; readonly modulus: Bytes; sign(salt?: number): Promise<Bytes> }
async function rsaSigner(name: "RSASSA-PKCS1-v1_5" | "RSA-PSS", hash: string, bits = 2048): Promise<RsaSigner> {
  const pair = await crypto.subtle.generateKey({ name, hash, modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1) }, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const modulus = new Uint8Array(Buffer.from(jwk.n as string, "base64url"));
  const sign = async (saltLength = 48): Promise<Bytes> => new Uint8Array(await crypto.subtle.sign({ name, saltLength }, pair.privateKey, Uint8Array.from(MESSAGE)));
  return { key: rsaKey(modulus, Uint8Array.of(1, 0, 1)), modulus, sign };
}

describe("RSA", () => {
  it.each([["rsa-pkcs1-sha256", "RSASSA-PKCS1-v1_5", "SHA-256"], ["rsa-pkcs1-sha384", "RSASSA-PKCS1-v1_5", "SHA-384"], ["rsa-pss-sha384", "RSA-PSS", "SHA-384"]] as const)(
    "%s verifies its own signatures and no other scheme's", async (scheme, name, hash) => {
      const { key, sign } = await rsaSigner(name, hash);
      const signature = await sign();
      const schemes: SignatureScheme[] = ["rsa-pkcs1-sha256", "rsa-pkcs1-sha384", "rsa-pss-sha384", "ecdsa-p256-sha256", "ecdsa-p384-sha384"];
      for (const other of schemes) expect([other, await verifySignature(key, other, MESSAGE, signature)]).toEqual([other, other === scheme]);
      expect(await verifySignature(key, scheme, utf8("massage"), signature)).toBe(false);
      expect(await verifySignature(key, scheme, MESSAGE, signature.subarray(1))).toBe(false);
    });

  it("PSS takes a salt of 48 octets only", async () => {
    const { key, sign } = await rsaSigner("RSA-PSS", "SHA-384");
    expect(await verifySignature(key, "rsa-pss-sha384", MESSAGE, await sign(32))).toBe(false);
  });

  it("keys have 2,048 to 4,096 bits and the exponent 65537", async () => {
    const { key, modulus } = await rsaSigner("RSA-PSS", "SHA-384");
    expect(key).toMatchObject({ kind: "rsa", bits: 2048 });
    for (const bad of [modulus.subarray(1), modulus.subarray(0, 128), Uint8Array.from([1, ...new Uint8Array(512)]), new Uint8Array(1000).fill(255)]) {
      expect(() => rsaKey(bad, Uint8Array.of(1, 0, 1))).toThrowError(refusal);
    }
    for (const exponent of [[1], [3], [1, 0, 0], [1, 0, 1, 0], []]) expect(() => rsaKey(modulus, Uint8Array.from(exponent))).toThrowError(refusal);
  });
});

describe("EC keys", () => {
  it.each(["P-256", "P-384"] as const)("of %s are the same from coordinates as from SubjectPublicKeyInfo", async (curve) => {
    const { spki } = await authority("x", curve);
    const read = readDer(spki, 200, "evidence_malformed", readPublicKey);
    if (read.kind !== "ec") throw new Error("an EC key");
    expect(ecKey(curve, read.point.subarray(1))).toEqual(read);
    expect(() => ecKey(curve, read.point)).toThrowError(refusal);
  });

  it("off their curve, at infinity, or of another curve verify nothing", async () => {
    const signer = await authority("x", "P-256");
    const key = readDer(signer.spki, 200, "evidence_malformed", readPublicKey);
    const signature = await signer.sign(MESSAGE);
    expect(await verifySignature(key, "ecdsa-p256-sha256", MESSAGE, signature)).toBe(true);
    expect(await verifySignature(ecKey("P-256", new Uint8Array(64)), "ecdsa-p256-sha256", MESSAGE, signature)).toBe(false);
    expect(await verifySignature(ecKey("P-256", new Uint8Array(64).fill(3)), "ecdsa-p256-sha256", MESSAGE, signature)).toBe(false);
    expect(await verifySignature(key, "ecdsa-p384-sha384", MESSAGE, signature)).toBe(false);
    expect(await verifySignature(key, "rsa-pkcs1-sha256", MESSAGE, signature)).toBe(false);
    expect(await verifySignature(key, "ecdsa-p256-sha256", MESSAGE, new Uint8Array(64))).toBe(false);
  });
});

describe("signatures that are remembered", () => {
  it("are those that verified, and under their own key, scheme and message only", async () => {
    forgetSignatures();
    const [a, b] = await Promise.all([authority("a"), authority("b")]);
    const [keyA, keyB] = [a, b].map(({ spki }) => readDer(spki, 200, "evidence_malformed", readPublicKey)) as [PublicKey, PublicKey];
    const signature = await a.sign(MESSAGE);
    for (let i = 0; i < 2; i++) {
      expect(await verifyRemembered(keyB, "ecdsa-p384-sha384", MESSAGE, signature)).toBe(false);
      expect(await verifyRemembered(keyA, "ecdsa-p384-sha384", MESSAGE, signature)).toBe(true);
      expect(await verifyRemembered(keyA, "ecdsa-p256-sha256", MESSAGE, signature)).toBe(false);
      expect(await verifyRemembered(keyA, "ecdsa-p384-sha384", utf8("massage"), signature)).toBe(false);
      expect(await verifyRemembered(keyA, "ecdsa-p384-sha384", MESSAGE, signature.slice().fill(0, 0, 1))).toBe(signature[0] === 0);
    }
  });
});

describe("signature algorithms", () => {
  const SHA256 = "2.16.840.1.101.3.4.2.1";
  const SHA384 = "2.16.840.1.101.3.4.2.2";
  const hash = (id: string): Bytes => seq(oid(id), NULL);
  const pss = (parts: { hash?: Bytes; mask?: Bytes; salt?: Bytes; trailer?: Bytes } = {}): Bytes => {
    const { hash: h = encodeDer(0xa0, hash(SHA384)), mask = encodeDer(0xa1, seq(oid("1.2.840.113549.1.1.8"), hash(SHA384))), salt = encodeDer(0xa2, integer(48)), trailer = NONE } = parts;
    return seq(oid("1.2.840.113549.1.1.10"), seq(h, mask, salt, trailer));
  };
  const read = (der: Bytes): SignatureScheme => readDer(der, 200, "evidence_malformed", readSignatureScheme);

  it("are five", () => {
    expect(read(seq(oid("1.2.840.10045.4.3.2")))).toBe("ecdsa-p256-sha256");
    expect(read(seq(oid("1.2.840.10045.4.3.3")))).toBe("ecdsa-p384-sha384");
    expect(read(seq(oid("1.2.840.113549.1.1.11"), NULL))).toBe("rsa-pkcs1-sha256");
    expect(read(seq(oid("1.2.840.113549.1.1.12"), NULL))).toBe("rsa-pkcs1-sha384");
    expect(read(pss())).toBe("rsa-pss-sha384");
    expect(read(pss({ trailer: encodeDer(0xa3, integer(1)) }))).toBe("rsa-pss-sha384");
  });

  it.each<[string, Bytes]>([
    ["ECDSA with parameters", seq(oid("1.2.840.10045.4.3.2"), NULL)], ["PKCS #1 without NULL", seq(oid("1.2.840.113549.1.1.11"))],
    ["SHA-1", seq(oid("1.2.840.113549.1.1.5"), NULL)], ["ECDSA with SHA-1", seq(oid("1.2.840.10045.4.1"))], ["MD5", seq(oid("1.2.840.113549.1.1.4"), NULL)],
    ["PSS by default, which is SHA-1", pss({ hash: NONE })], ["PSS with SHA-256", pss({ hash: encodeDer(0xa0, hash(SHA256)) })],
    ["PSS with a mask of SHA-256", pss({ mask: encodeDer(0xa1, seq(oid("1.2.840.113549.1.1.8"), hash(SHA256))) })], ["PSS without mask", pss({ mask: NONE })],
    ["PSS with another mask", pss({ mask: encodeDer(0xa1, seq(oid("1.2.840.113549.1.1.9"), hash(SHA384))) })],
    ["PSS with a salt of 32", pss({ salt: encodeDer(0xa2, integer(32)) })], ["PSS with the salt by default, which is 20", pss({ salt: NONE })],
    ["PSS with another trailer", pss({ trailer: encodeDer(0xa3, integer(2)) })], ["PSS with more", pss({ trailer: encodeDer(0xa4, integer(1)) })],
    ["PSS without parameters", seq(oid("1.2.840.113549.1.1.10"))],
  ])("are not %s", (_, der) => expect(() => read(der)).toThrowError(refusal));
});
