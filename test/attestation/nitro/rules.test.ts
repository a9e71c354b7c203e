import { decode, encode } from "cborg";
import { beforeAll, describe, expect, it } from "vitest";
import { appraiseNitro } from "../../../src/attestation/nitro/appraise.js";
import { concat, equalBytes, utf8 } from "../../../src/protocol/bytes.js";
import { authority, bits, caExtensions, extension, NOW } from "../x509/mint.js";
import { appraise, AWS, nitroCase, NO_COLLATERAL, verdict } from "./fixtures.js";
import { Module, MODULE_ID, PCR, pcrs, type DocumentOptions } from "./mint.js";

let nsm: Module;
let genuine: Uint8Array;
beforeAll(async () => {
  nsm = await Module.create();
  genuine = await nsm.document();
});

const judge = async (options: DocumentOptions): Promise<string> => verdict(await nsm.document(options), NOW, nsm.anchors);
const judgeBytes = (document: Uint8Array): Promise<string> => verdict(document, NOW, nsm.anchors);
/** The payload as a map that can be changed and encoded again. */
const payloadOf = (document: Uint8Array): Map<string, unknown> =>
  decode((decode(document, { useMaps: true }) as [unknown, unknown, Uint8Array])[2], { useMaps: true }) as Map<string, unknown>;

describe("roots", () => {
  it("are the caller's: a document under a pinned root is accepted, with the anchor of its set", async () => {
    expect((await appraise(genuine, NOW, nsm.anchors)).anchor).toBe("aws");
  });

  it("are never taken from a document, whatever its bundle brings", async () => {
    expect(await verdict(genuine, NOW, AWS)).toBe("evidence_anchor");
    expect(await verdict(genuine, NOW, {})).toBe("evidence_anchor");
    expect(await verdict(nitroCase("dstack-nsm-ok").document, nitroCase("dstack-nsm-ok").at, nsm.anchors)).toBe("evidence_anchor");
  });

  it("keep simulation apart: under the simulator's set the same names have no role, and a root in both sets is simulated", async () => {
    expect(await verdict(genuine, NOW, { sim: { nitro: [nsm.root] } })).toBe("certificate_role");
    expect(await verdict(genuine, NOW, { sim: { nitro: [nsm.root] }, vendor: { nitro: [nsm.root] } })).toBe("certificate_role");
  });

  it("begin the bundle, byte for byte", async () => {
    const other = await Module.create();
    const bundle = payloadOf(genuine).get("cabundle") as Uint8Array[];
    expect(await judge({ fields: { cabundle: bundle.slice(1) } })).toBe("evidence_anchor");
    expect(await judge({ fields: { cabundle: [other.root, ...bundle.slice(1)] } })).toBe("evidence_anchor");
    expect(await judge({ fields: { cabundle: [bundle[0], ...bundle] } })).toBe("certificate_path");
  });
});

describe("the frame", () => {
  const frame = (): unknown[] => decode(genuine, { useMaps: true }) as unknown[];

  it("may have tag 18 and no other, once", async () => {
    expect(await judgeBytes(concat(Uint8Array.of(0xd2), genuine))).toBe("accept");
    for (const tag of [[0xd1], [0xd2, 0xd2], [0xd8, 18]]) expect(await judgeBytes(concat(Uint8Array.from(tag), genuine))).toBe("evidence_malformed");
  });

  it.each<[string, () => Uint8Array]>([
    ["bytes after it", () => concat(genuine, Uint8Array.of(0))],
    ["an array of 5", () => encode([...frame(), 0])],
    ["an array of 3", () => encode(frame().slice(0, 3))],
    ["an array of indefinite length", () => concat(Uint8Array.of(0x9f), genuine.subarray(1), Uint8Array.of(0xff))],
    ["a length that is not the shortest", () => concat(Uint8Array.of(0x98, 4), genuine.subarray(1))],
    ["a short signature", () => encode([...frame().slice(0, 3), (frame()[3] as Uint8Array).subarray(1)])],
    ["a text payload", () => encode([...frame().slice(0, 2), "payload", frame()[3]])],
    ["ten thousand nested arrays", () => concat(new Uint8Array(10_000).fill(0x81), Uint8Array.of(0))],
    ["an array of four billion", () => Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
    ["a byte string of four billion", () => Uint8Array.of(0x84, 0x5a, 0xff, 0xff, 0xff, 0xff)],
    ["a megabyte", () => new Uint8Array(1 << 20)], ["nothing", () => new Uint8Array()],
  ])("is refused as %s", async (_, bytes) => expect(await judgeBytes(bytes())).toBe("evidence_malformed"));
});

describe("headers", () => {
  it.each<[string, DocumentOptions]>([
    ["another algorithm", { protectedHeader: encode(new Map([[1, -7]])) }], ["no algorithm", { protectedHeader: encode(new Map()) }],
    ["an empty protected header", { protectedHeader: new Uint8Array() }], ["one more protected header", { protectedHeader: encode(new Map([[1, -35], [4, 0]])) }],
    ["the same header in another spelling", { protectedHeader: Uint8Array.of(0xbf, 1, 0x38, 0x22, 0xff) }],
    ["an unprotected header", { unprotected: new Map([[4, 0]]) }], ["an unprotected algorithm", { unprotected: new Map([[1, -35]]) }],
    ["an array of unprotected headers", { unprotected: [] }],
  ])("are refused with %s", async (_, options) => expect(await judge(options)).toBe("evidence_malformed"));
});

describe("the payload", () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["without module_id", { module_id: undefined }], ["with an empty module_id", { module_id: "" }], ["with a module_id of other letters", { module_id: "i-1\u0000" }],
    ["with a module_id that is no text", { module_id: utf8(MODULE_ID) }], ["with another digest", { digest: "SHA256" }], ["without digest", { digest: undefined }],
    ["without timestamp", { timestamp: undefined }], ["with a timestamp of zero", { timestamp: 0 }], ["with a negative timestamp", { timestamp: -1 }],
    ["with a timestamp beyond safe integers", { timestamp: 2n ** 60n }], ["with a timestamp as text", { timestamp: "1" }], ["with a timestamp of half", { timestamp: 1.5 }],
    ["without PCRs", { pcrs: undefined }], ["with no PCR", { pcrs: new Map() }], ["without PCR0", { pcrs: new Map([[1, PCR(1)], [2, PCR(1)]]) }],
    ["with PCR32", { pcrs: new Map([...pcrs(1, 2, 3), [32, PCR(1)]]) }], ["with a PCR by name", { pcrs: new Map<unknown, Uint8Array>([...pcrs(1, 2, 3), ["3", PCR(1)]]) }],
    ["with a PCR of 32 bytes", { pcrs: new Map([...pcrs(1, 2), [2, new Uint8Array(32).fill(1)]]) }], ["with PCRs in a list", { pcrs: [PCR(1), PCR(2), PCR(3)] }],
    ["without certificate", { certificate: undefined }], ["with an empty certificate", { certificate: new Uint8Array() }],
    ["with a certificate beyond 1,024 bytes", { certificate: new Uint8Array(1025) }], ["with a certificate that is none", { certificate: new Uint8Array(100) }],
    ["without bundle", { cabundle: undefined }], ["with an empty bundle", { cabundle: [] }], ["with a bundle of 8", { cabundle: Array.from({ length: 8 }, () => new Uint8Array(1)) }],
    ["with a bundle of text", { cabundle: ["root"] }], ["with public_key beyond 1,024 bytes", { public_key: new Uint8Array(1025) }],
    ["with user_data beyond 512 bytes", { user_data: new Uint8Array(513) }], ["with a nonce beyond 512 bytes", { nonce: new Uint8Array(513) }],
    ["with a nonce as text", { nonce: "n" }], ["with a nonce of false", { nonce: false }], ["with an unknown field", { extra: 1 }],
  ])("is refused %s", async (_, fields) => expect(await judge({ fields })).toBe("evidence_malformed"));

  it("is refused with a field twice", async () => {
    const [, ...rest] = encode({ digest: "SHA384", nonce: null });
    expect(await judge({ payload: Uint8Array.from([0xa3, ...rest, ...encode({ nonce: null }).subarray(1)]) })).toBe("evidence_malformed");
    const twice = encode(payloadOf(genuine));
    const doubled = Uint8Array.from([0xaa, ...twice.subarray(1), ...encode({ digest: "SHA384" }).subarray(1)]);
    await expect(appraise(await nsm.document({ payload: doubled }), NOW, nsm.anchors)).rejects.toMatchObject({ code: "evidence_malformed", facts: { reason: expect.stringMatching(/repeat map key/) as string } });
  });

  it("is refused with bytes after it, undefined, a tag, or too many items", async () => {
    const payload = encode(payloadOf(genuine));
    expect(await judge({ payload: concat(payload, Uint8Array.of(0xf6)) })).toBe("evidence_malformed");
    expect(await judge({ payload: Uint8Array.of(0xa1, 0x61, 0x61, 0xf7) })).toBe("evidence_malformed");
    expect(await judge({ payload: concat(Uint8Array.of(0xc1), payload) })).toBe("evidence_malformed");
    expect(await judge({ fields: { cabundle: Array.from({ length: 300 }, () => new Uint8Array(1)) } })).toBe("evidence_malformed");
  });

  it("may be of indefinite length, with absent or null options, up to every limit", async () => {
    const payload = encode(payloadOf(genuine));
    expect(await judge({ payload: concat(Uint8Array.of(0xbf), payload.subarray(1), Uint8Array.of(0xff)) })).toBe("accept");
    expect(await judge({ fields: { nonce: undefined, user_data: undefined, public_key: undefined } })).toBe("accept");
    expect(await judge({ fields: { nonce: new Uint8Array(512), user_data: new Uint8Array(512), public_key: new Uint8Array(1024) } })).toBe("accept");
  });
});

describe("signer", () => {
  it("is the leaf: no other key, context or payload", async () => {
    expect(await judge({ signer: await authority("stranger") })).toBe("evidence_signature");
    expect(await judge({ context: "Signature" })).toBe("evidence_signature");
    const [a, b] = [genuine, await nsm.document({ fields: { nonce: utf8("other") } })].map((d) => decode(d, { useMaps: true }) as unknown[]) as [unknown[], unknown[]];
    expect(await judgeBytes(encode([a[0], a[1], b[2], a[3]]))).toBe("evidence_signature");
  });

  it("has its role: this module's leaf, under this instance, that may sign, and no CA", async () => {
    expect(await judge({ fields: { module_id: "i-0123456789abcdef0-enc0000000000000000" } })).toBe("certificate_role");
    expect(await judge({ instanceName: "i-00000000000000000.test.nitro-enclaves" })).toBe("certificate_role");
    expect(await judge({ leaf: { extensions: [] } })).toBe("certificate_role");
    expect(await judge({ leaf: { extensions: [extension("2.5.29.15", bits(Uint8Array.of(0x40), 6), true)] } })).toBe("certificate_role");
    expect(await judge({ leaf: { extensions: caExtensions() } })).toBe("certificate_path");
  });

  it("is valid at the time", async () => {
    expect(await judge({ leaf: { notAfter: NOW - 1 } })).toBe("certificate_expired");
    expect(await judge({ leaf: { notBefore: NOW + 1 } })).toBe("certificate_expired");
    expect((await appraise(await nsm.document({ leaf: { notAfter: NOW + 60 } }), NOW, nsm.anchors)).validUntil).toBe(NOW + 60);
  });

  it("has every issuer in order", async () => {
    const bundle = payloadOf(genuine).get("cabundle") as [Uint8Array, Uint8Array, Uint8Array];
    expect(await judge({ fields: { cabundle: [bundle[0], bundle[2]] } })).toBe("certificate_path");
    expect(await judge({ fields: { cabundle: bundle.slice(0, 2) } })).toBe("certificate_role");
    expect(await judge({ fields: { cabundle: [bundle[0], bundle[2], bundle[1]] } })).toBe("certificate_role");
  });
});

describe("debug mode", () => {
  it.each([[[0, 0, 0]], [[0, 2, 3]], [[1, 0, 3]], [[1, 2, 0]]])("is refused: PCRs %j", async (values) => {
    expect(await judge({ fields: { pcrs: pcrs(...values) } })).toBe("evidence_debug");
  });
});

describe("claims", () => {
  it("carry nonce, key and binding as the module signed them", async () => {
    const { attributes, reportData, issuedAt, instance, measurements } =
      await appraise(await nsm.document({ fields: { nonce: utf8("nonce"), public_key: utf8("key"), timestamp: NOW * 1000 + 999 } }), NOW, nsm.anchors);
    expect(attributes).toEqual({ nonce: "6e6f6e6365", public_key: "6b6579" });
    expect(reportData).toEqual(new Uint8Array(64).fill(9));
    expect([issuedAt, instance, Object.keys(measurements)]).toEqual([NOW, MODULE_ID, ["pcr0", "pcr1", "pcr2", "pcr3", "pcr4"]]);
  });

  it("know evidence by what is signed: tag 18 does not change its digest, another document does", async () => {
    const [plain, tagged, other] = await Promise.all([genuine, concat(Uint8Array.of(0xd2), genuine), await nsm.document()]
      .map(async (d) => (await appraise(d, NOW, nsm.anchors)).evidenceDigest)) as [Uint8Array, Uint8Array, Uint8Array];
    expect(equalBytes(plain, tagged)).toBe(true);
    expect(equalBytes(plain, other)).toBe(false);
  });

  it("rest on no collateral: some is refused", async () => {
    await expect(appraiseNitro({ evidence: genuine, collateral: utf8("{}"), anchors: nsm.anchors, at: NOW, judgeTcb: true }))
      .rejects.toMatchObject({ code: "collateral_malformed" });
    expect(NO_COLLATERAL).toHaveLength(0);
  });
});
