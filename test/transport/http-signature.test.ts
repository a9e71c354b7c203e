import { constants, createHash, createHmac, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createSignatureSync, verifySignature } from "http-message-sig";
import { describe, expect, it } from "vitest";
import { utf8, type Bytes } from "../../src/protocol/bytes.js";
import { signingKey, type SigningKey } from "../../src/protocol/dsse.js";
import { checkContentDigest, contentDigest } from "../../src/transport/content-digest.js";
import { SIGNED_COMPONENTS, signRequest } from "../../src/transport/http-signature.js";
import { verifyRequest, type IncomingHead } from "../../src/transport/verify-request.js";

const key = signingKey(new Uint8Array(32).fill(7));
const other = signingKey(new Uint8Array(32).fill(8));
const NOW = 1_800_000_000;
const nonce = new Uint8Array(16).fill(3);
const body = utf8("{}");
const URL_TEXT = "http://coordinator.test:8080/v1/jobs?wait=5";

function signed(change: { key?: SigningKey; now?: number; body?: Bytes } = {}): IncomingHead {
  const url = new URL(URL_TEXT);
  const fields = signRequest({ method: "POST", url, body: change.body ?? body }, change.key ?? key, { now: change.now ?? NOW, nonce });
  return { method: "POST", targetUri: url.href, fields: Object.entries(fields).map(([name, value]) => ({ name, value })) };
}
const withField = (head: IncomingHead, name: string, value: (old: string) => string): IncomingHead =>
  ({ ...head, fields: head.fields.map((f) => (f.name === name ? { name, value: value(f.value) } : f)) });
const refused = (head: IncomingHead, code = "request_unauthenticated", now = NOW) => expect(verifyRequest(head, now)).rejects.toMatchObject({ code });

/** A signature made by hand, to leave out or change what signRequest always puts in. */
function handMade(components: readonly string[], parameters: Record<string, string | number> = {}): IncomingHead {
  const digest = contentDigest(body);
  const message = { kind: "request", method: "POST", targetUri: URL_TEXT, fields: [{ name: "content-digest", value: digest }] } as const;
  const all = { created: NOW, nonce: "ab".repeat(16), keyid: key.publicKey, alg: "ed25519", tag: "veritee", ...parameters };
  const kept = Object.fromEntries(Object.entries(all).filter(([, v]) => v !== ""));
  const { signature, signatureInput } = createSignatureSync(message, { label: "veritee", components, parameters: kept, signer: { algorithm: "ed25519", sign: (b) => key.sign(b) } });
  return { method: "POST", targetUri: URL_TEXT, fields: [...message.fields, { name: "signature-input", value: signatureInput }, { name: "signature", value: signature }] };
}

describe("verifyRequest", () => {
  it("names the signer of an honest request", async () => {
    const head = await verifyRequest(signed(), NOW);
    expect(head).toMatchObject({ caller: key.publicKey, nonce: "03".repeat(16), contentDigest: contentDigest(body) });
    expect(head.forgetAfter).toBeGreaterThanOrEqual(NOW + 65);
  });

  it("refuses a request whose method, authority, path or query was changed", async () => {
    const head = signed();
    await refused({ ...head, method: "PUT" });
    for (const uri of ["http://other.test:8080/v1/jobs?wait=5", "http://coordinator.test:8080/v1/job?wait=5", "http://coordinator.test:8080/v1/jobs?wait=6",
      "http://coordinator.test:8080/v1/jobs", "http://coordinator.test:8080/v1/%6Aobs?wait=5"]) await refused({ ...head, targetUri: uri });
  });

  it("refuses a changed, missing or second content-digest", async () => {
    const head = signed();
    await refused(withField(head, "content-digest", () => contentDigest(utf8("{ }"))));
    await refused({ ...head, fields: head.fields.filter((f) => f.name !== "content-digest") });
    await refused({ ...head, fields: [...head.fields, { name: "content-digest", value: contentDigest(utf8("x")) }] });
  });

  for (const left of SIGNED_COMPONENTS) {
    it(`refuses a signature that leaves out ${left}`, () => refused(handMade(SIGNED_COMPONENTS.filter((c) => c !== left))));
  }

  for (const left of ["created", "nonce", "keyid", "alg", "tag"]) {
    it(`refuses a signature without ${left}`, () => refused(handMade(SIGNED_COMPONENTS, { [left]: "" })));
  }

  it("refuses another tag, a short nonce and a keyid that is no key", async () => {
    await refused(handMade(SIGNED_COMPONENTS, { tag: "web-bot-auth" }));
    await refused(handMade(SIGNED_COMPONENTS, { nonce: "ab" }));
    await refused(handMade(SIGNED_COMPONENTS, { keyid: "ab" }));
    expect(await verifyRequest(handMade(SIGNED_COMPONENTS), NOW)).toMatchObject({ caller: key.publicKey });
  });

  it("refuses another key's signature under this keyid", async () => {
    const signature = signed({ key: other }).fields.find((f) => f.name === "signature")?.value ?? "";
    await refused(withField(signed(), "signature", () => signature));
    await refused(withField(signed(), "signature-input", (v) => v.replace(key.publicKey, other.publicKey)));
  });

  it("refuses two signatures, and one without the other field", async () => {
    const [a, b] = [signed(), signed({ key: other })];
    const value = (h: IncomingHead, name: string) => h.fields.find((f) => f.name === name)?.value ?? "";
    await refused({ ...a, fields: [
      { name: "content-digest", value: value(a, "content-digest") },
      { name: "signature-input", value: `${value(a, "signature-input")}, ${value(b, "signature-input").replace("veritee=", "second=")}` },
      { name: "signature", value: `${value(a, "signature")}, ${value(b, "signature").replace("veritee=", "second=")}` },
    ] });
    await refused({ ...a, fields: a.fields.filter((f) => f.name !== "signature") });
    await refused({ ...a, fields: [] });
  });

  it("takes a signature for 60 s and 5 s of skew, and says which way it is wrong in time", async () => {
    for (const age of [-5, 0, 65]) await expect(verifyRequest(signed({ now: NOW - age }), NOW)).resolves.toBeDefined();
    await refused(signed({ now: NOW - 66 }), "request_expired");
    await refused(signed({ now: NOW + 6 }), "request_expired");
    await refused(handMade(SIGNED_COMPONENTS, { expires: NOW - 1 }), "request_expired");
  });

  it("refuses every one-bit change of the signature and of what it covers", async () => {
    const head = signed();
    for (const name of ["signature", "signature-input", "content-digest"]) {
      const value = head.fields.find((f) => f.name === name)?.value ?? "";
      for (let i = 0; i < value.length; i += 5) {
        const flipped = value.slice(0, i) + String.fromCharCode(value.charCodeAt(i) ^ 1) + value.slice(i + 1);
        await refused(withField(head, name, () => flipped));
      }
    }
  });
});

describe("checkContentDigest", () => {
  it("takes the body it was made for and no other, no other algorithm and no list", () => {
    checkContentDigest(contentDigest(body), body);
    checkContentDigest(contentDigest(new Uint8Array()), new Uint8Array());
    const sha512 = `sha-512=:${createHash("sha512").update(body).digest("base64")}:`;
    for (const bad of [contentDigest(utf8("x")), sha512, `${contentDigest(body)}, ${sha512}`, "", "sha-256=:!:"]) {
      expect(() => { checkContentDigest(bad, body); }).toThrow(expect.objectContaining({ code: "request_unauthenticated" }));
    }
  });
});

const vectorFile = join(process.env["VERITEE_SHARED"] ?? join(import.meta.dirname, "../../../shared"), "vectors/rfc/rfc9421_http_signatures.json");
describe.skipIf(!existsSync(vectorFile))(`RFC 9421 B.2 (needs ${existsSync(vectorFile) ? "nothing" : "the folder shared/vectors, which is missing"})`, () => {
  interface Vector { alg: string; label: string; message: string; keyid: string; signatureBase: string; signatureInput: string; signature: string }
  interface Vectors { keysJwk: Record<string, string>[]; sharedSecretBase64: string; messages: Record<string, string>; cases: Vector[] }
  const vectors = existsSync(vectorFile) ? JSON.parse(readFileSync(vectorFile, "utf8")) as Vectors : undefined;
  const requests = (vectors?.cases ?? []).filter((c) => c.message === "test-request");

  const headOf = (vector: Vector): IncomingHead => {
    const [head = ""] = (vectors?.messages["test-request"] ?? "").split("\n\n");
    const fields = head.split("\n").slice(1).map((line) => ({ name: line.slice(0, line.indexOf(":")), value: line.slice(line.indexOf(":") + 2) }));
    return { method: "POST", targetUri: "https://example.com/foo?param=Value&Pet=dog", fields: [...fields, { name: "Signature-Input", value: vector.signatureInput }, { name: "Signature", value: vector.signature }] };
  };
  const jwkOf = ({ keyid }: Vector) => createPublicKey({ key: vectors?.keysJwk.find((k) => k["kid"] === keyid) as Record<string, string>, format: "jwk" });
  const CHECKS: Readonly<Record<string, (vector: Vector, base: Buffer, signature: Buffer) => boolean>> = {
    ed25519: (vector, base, signature) => verify(null, base, jwkOf(vector), signature),
    "rsa-pss-sha512": (vector, base, signature) => verify("sha512", base, { key: jwkOf(vector), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }, signature),
    "hmac-sha256": (_, base, signature) => createHmac("sha256", Buffer.from(vectors?.sharedSecretBase64 ?? "", "base64")).update(base).digest().equals(signature),
  };

  // The library has no @query-param, which this service never takes.
  it.each(requests.filter((c) => !c.signatureInput.includes("@query-param")))("$label: the library builds this base, and the signature verifies over it", async (vector) => {
    let base = "";
    await verifySignature({ kind: "request", ...headOf(vector) }, {
      policy: { algorithms: [vector.alg], requiredComponents: [], requiredParameters: [], now: 1618884473 },
      resolveVerifier: () => ({
        algorithm: vector.alg,
        verify: (data, signature) => {
          base = new TextDecoder().decode(data);
          return (CHECKS[vector.alg] as (typeof CHECKS)[string])(vector, Buffer.from(data), Buffer.from(signature));
        },
      }),
    });
    expect(base).toBe(vector.signatureBase);
  });

  it("are all refused by this service: they cover less, and name other algorithms, than it demands", async () => {
    expect(requests.length).toBeGreaterThanOrEqual(4);
    for (const vector of requests) await refused(headOf(vector), "request_unauthenticated", 1618884473);
  });

  it("B.2.6 is what the key signs", () => {
    const vector = requests.find((c) => c.alg === "ed25519") as Vector;
    const jwk = vectors?.keysJwk.find((k) => k["kid"] === "test-key-ed25519") as Record<string, string>;
    expect(sign(null, utf8(vector.signatureBase), createPrivateKey({ key: jwk, format: "jwk" })).toString("base64")).toBe(/:(.+):/.exec(vector.signature)?.[1]);
  });
});
