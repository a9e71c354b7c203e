import { beforeAll, describe, expect, it } from "vitest";
import { parseCertificate, type Certificate } from "../../../src/attestation/x509/certificate.js";
import { parseCrl, type Crl } from "../../../src/attestation/x509/crl.js";
import { encodeDer, TAG } from "../../../src/attestation/x509/der.js";
import { validatePath, type PathInput } from "../../../src/attestation/x509/path.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import {
  authority, bits, caExtensions, certificate, crl, DAY, extension, integer, leafExtensions, NOW, oid, seq, TRUE, type Authority, type CertificateOptions, type CrlOptions,
} from "./mint.js";

let root: Authority, ca: Authority, end: Authority, stranger: Authority;
let roots: Certificate[];
let intermediate: Certificate;
let leaf: Certificate;

const mint = async (options: CertificateOptions): Promise<Certificate> => parseCertificate(await certificate(options));
const mintCrl = async (options: CrlOptions): Promise<Crl> => parseCrl(await crl(options));
const mintLeaf = (more: Partial<CertificateOptions> = {}): Promise<Certificate> =>
  mint({ subject: end, issuer: ca, serial: integer(0x99), extensions: leafExtensions(), ...more });
const mintCa = (more: Partial<CertificateOptions> = {}): Promise<Certificate> => mint({ subject: ca, issuer: root, extensions: caExtensions(0), ...more });

beforeAll(async () => {
  [root, ca, end, stranger] = await Promise.all([authority("Root"), authority("CA"), authority("Leaf", "P-256"), authority("Stranger")]);
  roots = [await mint({ subject: root, issuer: root, extensions: caExtensions(1) })];
  intermediate = await mintCa();
  leaf = await mintLeaf();
});

async function code(more: Partial<PathInput> = {}): Promise<string> {
  try {
    await validatePath({ leaf, issuers: [intermediate], roots, at: NOW, requireCrls: false, ...more });
    return "valid";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}

describe("a path", () => {
  it("leads to the pinned root, with or without a copy of it at the end", async () => {
    expect(await code()).toBe("valid");
    expect(await code({ issuers: [intermediate, roots[0] as Certificate] })).toBe("valid");
    const direct = await mintLeaf({ issuer: root });
    expect(await code({ leaf: direct, issuers: [] })).toBe("valid");
  });

  it("runs out with the first of its certificates", async () => {
    const path = await validatePath({ leaf: await mintLeaf({ notAfter: NOW + 7 }), issuers: [intermediate], roots, at: NOW, requireCrls: false });
    expect(path).toEqual({ root: roots[0], validUntil: NOW + 7 });
  });

  it("ends at no root that it brings itself", async () => {
    const fake = await authority("Root");
    const fakeRoot = await mint({ subject: fake, issuer: fake, extensions: caExtensions() });
    const own = await mintCa({ issuer: fake });
    expect(await code({ issuers: [own, fakeRoot] })).toBe("certificate_path");
    expect(await code({ issuers: [own] })).toBe("certificate_path");
    const named = await mint({ subject: stranger, issuer: stranger, extensions: caExtensions() });
    expect(await code({ issuers: [await mintCa({ issuer: stranger }), named] })).toBe("evidence_anchor");
    expect(await code({ roots: [] })).toBe("evidence_anchor");
  });

  it("finds the root that signed among pinned ones of one name", async () => {
    const other = await authority("Root");
    const namesake = await mint({ subject: other, issuer: other, extensions: caExtensions() });
    expect(await code({ roots: [namesake, ...roots] })).toBe("valid");
  });

  it.each<[string, () => Promise<Partial<PathInput>>]>([
    ["a name that is not its issuer's, though the key is", async () => ({ leaf: await mintLeaf({ issuerName: "Other" }) })],
    ["a signature by another key", async () => ({ leaf: await mintLeaf({ issuer: { ...stranger, commonName: "CA" } }) })],
    ["an issuer that is no CA", async () => ({ issuers: [await mintCa({ extensions: leafExtensions() })] })],
    ["an issuer without constraints", async () => ({ issuers: [await mintCa({ extensions: [] })] })],
    ["an issuer without key usage", async () => ({ issuers: [await mintCa({ extensions: caExtensions().slice(0, 1) })] })],
    ["an issuer that may sign lists only", async () => ({ issuers: [await mintCa({ extensions: [...caExtensions().slice(0, 1), extension("2.5.29.15", bits(Uint8Array.of(2), 1), true)] })] })],
    ["a leaf that is a CA", async () => ({ leaf: await mintLeaf({ extensions: caExtensions() }) })],
    ["a leaf that may sign certificates", async () => ({ leaf: await mintLeaf({ extensions: [extension("2.5.29.15", bits(Uint8Array.of(4), 2), true)] }) })],
    ["a critical extension that nobody judges", async () => ({ leaf: await mintLeaf({ extensions: [...leafExtensions(), extension("2.5.29.30", seq(), true)] }) })],
    ["one in an issuer", async () => ({ issuers: [await mintCa({ extensions: [...caExtensions(), extension("1.2.3", seq(), true)] })] })],
    ["the root as leaf", async () => Promise.resolve({ leaf: roots[0] as Certificate, issuers: [] })],
    ["issuers in the wrong order", async () => ({ issuers: [await mint({ subject: stranger, issuer: root, extensions: caExtensions() }), intermediate] })],
  ])("is refused with %s", async (_, change) => expect(await code(await change())).toBe("certificate_path"));

  it("keeps path lengths, of every issuer", async () => {
    const sub = await mint({ subject: stranger, issuer: ca, extensions: caExtensions() });
    const below = await mintLeaf({ issuer: stranger });
    expect(await code({ leaf: below, issuers: [sub, intermediate] })).toBe("certificate_path");
    const wide = await mintCa({ extensions: caExtensions(1) });
    expect(await code({ leaf: below, issuers: [sub, wide] })).toBe("certificate_path");
    const unbound = await mint({ subject: root, issuer: root, extensions: caExtensions() });
    expect(await code({ leaf: below, issuers: [sub, wide], roots: [unbound] })).toBe("valid");
  });

  it("has at most eight certificates", async () => {
    expect(await code({ issuers: Array.from({ length: 7 }, () => intermediate) })).toBe("certificate_path");
  });

  it("is valid only while each of its certificates is, to the second", async () => {
    expect(await code({ at: NOW + DAY })).toBe("valid");
    expect(await code({ at: NOW + DAY + 1 })).toBe("certificate_expired");
    expect(await code({ at: NOW - DAY })).toBe("valid");
    expect(await code({ at: NOW - DAY - 1 })).toBe("certificate_expired");
    expect(await code({ issuers: [await mintCa({ notAfter: NOW - 1 })] })).toBe("certificate_expired");
    expect(await code({ roots: [await mint({ subject: root, issuer: root, extensions: caExtensions(), notAfter: NOW - 1 })] })).toBe("certificate_expired");
    await expect(validatePath({ leaf, issuers: [intermediate], roots, at: Number.NaN, requireCrls: false })).rejects.toThrow(/no time/);
  });

  it("asks its caller about the role of every certificate, leaf first", async () => {
    const seen: string[] = [];
    const roles = ({ subjectName }: Certificate, depth: number): void => { seen.push(`${String(depth)} ${subjectName.commonName ?? ""}`); };
    expect(await code({ roles })).toBe("valid");
    expect(seen).toEqual(["0 Leaf", "1 CA", "2 Root"]);
    expect(await code({ roles: () => { throw new VeriteeError("certificate_role", "no"); } })).toBe("certificate_role");
  });

  it("understands extended key usage", async () => {
    const purpose = extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.2")), true);
    const client = await mintLeaf({ extensions: [...leafExtensions(), purpose] });
    expect(client.extendedKeyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(await code({ leaf: client })).toBe("valid");
  });
});

describe("revocation", () => {
  const lists = async (ofCa: Partial<CrlOptions> = {}, ofRoot: Partial<CrlOptions> = {}): Promise<Crl[]> =>
    [await mintCrl({ issuer: root, ...ofRoot }), await mintCrl({ issuer: ca, ...ofCa })];
  const judge = async (crls: readonly Crl[], requireCrls = true): Promise<string> => code({ crls, requireCrls });

  it("accepts fresh lists of each issuer that do not name the path's serials", async () => {
    expect(await judge(await lists({ revoked: [integer(1), integer(0x98)] }))).toBe("valid");
  });

  it("refuses a revoked leaf and a revoked issuer, also where lists are optional", async () => {
    expect(await judge(await lists({ revoked: [integer(1), integer(0x99)] }))).toBe("certificate_revoked");
    expect(await judge(await lists({}, { revoked: [integer(0x42)] }), false)).toBe("certificate_revoked");
  });

  it("compares a serial within its issuer's list only", async () => {
    expect(await judge(await lists({ revoked: [integer(0x42)] }, { revoked: [integer(0x99)] }))).toBe("valid");
  });

  it("refuses when any issuer's list is missing", async () => {
    const [ofRoot, ofCa] = await lists() as [Crl, Crl];
    expect(await judge([])).toBe("collateral_missing");
    expect(await judge([ofRoot])).toBe("collateral_missing");
    expect(await judge([ofCa])).toBe("collateral_missing");
    expect(await judge([ofRoot, await mintCrl({ issuer: stranger })])).toBe("collateral_missing");
    expect(await judge([], false)).toBe("valid");
  });

  it("refuses a list that another key signed in the issuer's name", async () => {
    expect(await judge(await lists({ issuer: { ...stranger, commonName: "CA" } }))).toBe("collateral_signature");
    expect(await judge(await lists({ issuer: root, issuerName: "CA" }))).toBe("collateral_signature");
  });

  it("refuses a list of an issuer that may not sign lists", async () => {
    const silent = await mintCa({ extensions: [...caExtensions(0).slice(0, 1), extension("2.5.29.15", bits(Uint8Array.of(4), 2), true)] });
    expect(await code({ issuers: [silent], crls: await lists(), requireCrls: true })).toBe("collateral_signature");
  });

  it("refuses a list outside its time, to the second, even beside a fresh one", async () => {
    expect(await judge(await lists({ nextUpdate: NOW }))).toBe("valid");
    expect(await judge(await lists({ nextUpdate: NOW - 1 }))).toBe("collateral_expired");
    expect(await judge(await lists({ thisUpdate: NOW + 1 }))).toBe("collateral_expired");
    expect(await judge([...await lists(), await mintCrl({ issuer: ca, nextUpdate: NOW - 1 })])).toBe("collateral_expired");
  });

  it("runs out with the first list", async () => {
    const path = await validatePath({ leaf, issuers: [intermediate], roots, at: NOW, crls: await lists({ nextUpdate: NOW + 5 }), requireCrls: true });
    expect(path.validUntil).toBe(NOW + 5);
  });

  it.each<[string, Partial<CrlOptions>]>([
    ["without nextUpdate", { nextUpdate: undefined }], ["with a critical extension (delta, partial or indirect lists)", { extensions: [extension("2.5.29.28", seq(), true)] }],
    ["with a critical entry extension", { revoked: [integer(1)], entryExtensions: [extension("2.5.29.29", seq(), true)] }],
    ["with an extension twice", { extensions: [extension("2.5.29.20", integer(1)), extension("2.5.29.20", integer(2))] }],
    ["with a negative serial", { revoked: [encodeDer(TAG.integer, Uint8Array.of(0x80))] }],
  ])("does not parse a list %s", async (_, options) => {
    const der = await crl({ issuer: ca, ...options });
    expect(() => parseCrl(der)).toThrowError(expect.objectContaining({ code: "collateral_malformed" }) as Error);
  });

  it("does not parse garbage, an empty list, or more than 256 KiB", () => {
    for (const der of [new Uint8Array(), new Uint8Array(64).fill(0xa5), encodeDer(TAG.sequence), new Uint8Array(256 * 1024 + 1)]) {
      expect(() => parseCrl(der)).toThrowError(expect.objectContaining({ code: "collateral_malformed" }) as Error);
    }
  });
});

describe("a certificate does not parse", () => {
  const options = (more: Partial<CertificateOptions>): CertificateOptions => ({ subject: end, issuer: ca, extensions: leafExtensions(), ...more });

  it.each<[string, () => Partial<CertificateOptions>]>([
    ["of version 1", () => ({ version: new Uint8Array() })], ["of version 2", () => ({ version: encodeDer(0xa0, integer(1)) })],
    ["with a serial of 21 octets", () => ({ serial: integer(...new Array<number>(21).fill(1)) })],
    ["with a negative serial", () => ({ serial: encodeDer(TAG.integer, Uint8Array.of(0xff)) })],
    ["with an extension twice", () => ({ extensions: [...leafExtensions(), ...leafExtensions()] })],
    ["with something after the extensions", () => ({ stray: seq() })],
    ["with 33 extensions", () => ({ extensions: Array.from({ length: 33 }, (_, i) => extension(`1.2.3.${String(i)}`, seq())) })],
    ["with critical FALSE spelt out", () => ({ extensions: [seq(oid("1.2.3"), encodeDer(TAG.boolean, Uint8Array.of(0)), encodeDer(TAG.octetString))] })],
    ["with a path length but no CA bit", () => ({ extensions: [extension("2.5.29.19", seq(integer(0)))] })],
    ["with bytes after a constraint", () => ({ extensions: [extension("2.5.29.19", seq(TRUE, integer(0), integer(0)))] })],
    ["with an empty key usage", () => ({ extensions: [extension("2.5.29.15", bits(new Uint8Array()))] })],
    ["with a key usage of stray bits", () => ({ extensions: [extension("2.5.29.15", bits(Uint8Array.of(0x81), 1))] })],
    ["with an empty extended key usage", () => ({ extensions: [extension("2.5.29.37", seq())] })],
    ["with a key on no curve of ours", () => ({ subject: { ...end, spki: seq(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.35")), bits(new Uint8Array(133).fill(4))) } })],
    ["with a compressed point", () => ({ subject: { ...end, spki: seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(new Uint8Array(33).fill(2))) } })],
    ["larger than 8 KiB", () => ({ extensions: [extension("1.2.3", encodeDer(TAG.octetString, new Uint8Array(8192)))] })],
  ])("%s", async (_, change) => {
    const der = await certificate(options(change()));
    expect(() => parseCertificate(der)).toThrowError(expect.objectContaining({ code: "evidence_malformed" }) as Error);
  });

  it("whose two signature algorithms differ", async () => {
    const [a, b] = await Promise.all([certificate(options({})), certificate(options({ issuer: { ...end, commonName: "CA" } }))]);
    const tbs = parseCertificate(a).tbs;
    const tail = b.subarray(b.length - 90);
    expect(() => parseCertificate(seq(tbs, seq(oid("1.2.840.10045.4.3.2")), bits(tail)))).toThrowError(/signature algorithms differ/);
  });

  it("under another code than its caller's", () => {
    expect(() => parseCertificate(seq(), "collateral_malformed")).toThrowError(expect.objectContaining({ code: "collateral_malformed" }) as Error);
  });
});
