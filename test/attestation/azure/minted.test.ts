import { describe, expect, it } from "vitest";
import { appraiseAzureSnp } from "../../../src/attestation/azure/appraise.js";
import { encodeDer } from "../../../src/attestation/x509/der.js";
import { utf8 } from "../../../src/protocol/bytes.js";
import { verdict } from "../snp/mutate.js";
import { authority, caExtensions, certificate, leafExtensions, type Authority } from "../x509/mint.js";
import { attestationKey, honestRuntime, mint, NOW, selectionOf, type Minted } from "./mint.js";

// Every signature of this evidence is right, so that only the rule under test can refuse it.
const ak = attestationKey();
const runtime = honestRuntime(ak);
const [key] = runtime.keys;
const judge = (options: Omit<Minted, "ak">): Promise<string> => verdict(() => appraiseAzureSnp(mint({ ak, ...options })));

describe("evidence that is right in all", () => {
  it("is accepted, with what the virtual machine says of itself", async () => {
    const genuine = await appraiseAzureSnp(mint({ ak, hclVersion: 2, runtime: { ...runtime, "vm-configuration": { ...runtime["vm-configuration"], "secure-boot": false, "tpm-persisted": true } } }));
    expect(genuine).toMatchObject({ platform: "az-snp-vtpm", anchor: "sim", product: "genoa", reportData: new Uint8Array(32).fill(5) });
    expect(genuine.attributes).toMatchObject({ secureBoot: false, consoleEnabled: false, tpmPersisted: true, hclVersion: 2, tpmResetCount: 3, tpmFirmware: "0x101010101010101" });
    expect(genuine.measurements["pcr23"]).toBe("17".repeat(32));
  });

  it("carries qualifying data of every length a TPM allows", async () => {
    for (const length of [0, 9, 48, 64]) expect((await appraiseAzureSnp(mint({ ak, quote: { extraData: new Uint8Array(length) } }))).reportData).toHaveLength(length);
  });
});

describe("evidence with one fault is refused for that fault", () => {
  it.each<[string, Omit<Minted, "ak">, string]>([
    ["a structure that the TPM did not generate", { quote: { magic: 0xff544348 } }, "evidence_malformed"],
    ["an attestation of another type", { quote: { type: 0x8017 } }, "evidence_malformed"],
    ["qualifying data beyond a TPM's", { quote: { extraData: new Uint8Array(65) } }, "evidence_malformed"],
    ["a clock state that is none", { quote: { safe: 2 } }, "evidence_malformed"],
    ["the SHA-1 bank", { quote: { selection: selectionOf([0x0004, [0xff, 0xff, 0xff]]) } }, "evidence_malformed"],
    ["two banks", { quote: { selection: selectionOf([0x000b, [0xff, 0xff, 0xff]], [0x000c, [0, 0, 0]]) } }, "evidence_malformed"],
    ["no bank", { quote: { selection: selectionOf() } }, "evidence_malformed"],
    ["fewer PCRs", { quote: { selection: selectionOf([0x000b, [0xff, 0xff, 0x7f]]) } }, "evidence_malformed"],
    ["a longer selection", { quote: { selection: selectionOf([0x000b, [0xff, 0xff, 0xff, 0]]) } }, "evidence_malformed"],
    ["a digest of another length", { quote: { digest: new Uint8Array(20) } }, "evidence_malformed"],
    ["bytes behind the quote", { quote: { trailing: new Uint8Array(1) } }, "evidence_malformed"],
    ["the digest of other PCRs", { quote: { digest: new Uint8Array(32) } }, "evidence_pcr"],
    ["runtime data that are no JSON", { runtime: utf8("{") }, "evidence_malformed"],
    ["runtime data that are not UTF-8", { runtime: Uint8Array.of(0x22, 0xff, 0x22) }, "evidence_malformed"],
    ["no attestation key", { runtime: { ...runtime, keys: [{ ...key, kid: "HCLEkPub" }] } }, "evidence_malformed"],
    ["two attestation keys", { runtime: { ...runtime, keys: [key, key] } }, "evidence_malformed"],
    ["an attestation key for encryption", { runtime: { ...runtime, keys: [{ ...key, key_ops: ["encrypt"] }] } }, "evidence_malformed"],
    ["an exponent of one", { runtime: { ...runtime, keys: [{ ...key, e: "AQ" }] } }, "evidence_malformed"],
    ["a key that is not base64url", { runtime: { ...runtime, keys: [{ ...key, n: "*" }] } }, "evidence_malformed"],
    ["another attestation key", { runtime: { ...runtime, keys: [{ ...key, ...attestationKey().jwk }] } }, "evidence_signature"],
    ["no configuration", { runtime: { keys: runtime.keys, "user-data": runtime["user-data"] } }, "evidence_malformed"],
    ["HCL version 3", { hclVersion: 3 }, "evidence_malformed"],
    ["another magic", { hcl: [[0, 0x424c4348]] }, "evidence_malformed"],
    ["another request", { hcl: [[12, 1]] }, "evidence_malformed"],
    ["reserved header bytes", { hcl: [[16, 1]] }, "evidence_malformed"],
    ["other hardware", { hcl: [[1224, 3]] }, "evidence_malformed"],
    ["TDX named on SNP", { hcl: [[1224, 4]] }, "evidence_malformed"],
    ["a length beyond the report", { hcl: [[1232, 0xffffffff]] }, "evidence_malformed"],
    ["an empty length", { hcl: [[1232, 0]] }, "evidence_malformed"],
    ["sizes that disagree", { hcl: [[1216, 20]] }, "evidence_malformed"],
    ["a total that disagrees", { hcl: [[8, 1236]] }, "evidence_malformed"],
  ])("%s", async (_, options, code) => {
    expect(await judge(options)).toBe(code);
  });
});

describe("an attestation key that is too small", () => {
  it("is refused", async () => {
    expect(await verdict(() => appraiseAzureSnp(mint({ ak: attestationKey(1024) })))).toBe("evidence_malformed");
  });
});

describe("the attestation key's certificate", async () => {
  const [root, ca, stranger] = await Promise.all(["vTPM root", "vTPM CA", "vTPM CA"].map((name) => authority(name)));
  if (root === undefined || ca === undefined || stranger === undefined) throw new Error("three authorities expected");
  const subject = { ...ca, commonName: "vm", spki: ak.spki } as Authority;
  const [rootDer, caDer, leaf, forged, expired] = await Promise.all([
    certificate({ subject: root, issuer: root, extensions: caExtensions() }),
    certificate({ subject: ca, issuer: root, extensions: caExtensions(0) }),
    certificate({ subject, issuer: ca, extensions: leafExtensions() }),
    certificate({ subject, issuer: stranger, extensions: leafExtensions() }),
    certificate({ subject, issuer: ca, extensions: leafExtensions(), notAfter: NOW - 1 }),
  ]);
  if (!rootDer || !caDer || !leaf || !forged || !expired) throw new Error("five certificates expected");
  const certified = (...akCertificates: Uint8Array[]) => {
    const input = mint({ ak, akCertificates });
    return { ...input, anchors: { sim: { ...input.anchors.sim, vtpm: [rootDer] } } };
  };

  it("leads to the pinned root, and the verdict lapses with it", async () => {
    const genuine = await appraiseAzureSnp(certified(leaf, caDer));
    expect(genuine.attributes["akCertificate"]).toBe("path");
    expect(genuine.validUntil).toBe(NOW + 86_400);
  });

  it.each<[string, Uint8Array[], string]>([
    ["a stranger's of the issuer's name", [forged, caDer], "certificate_path"],
    ["an expired one", [expired, caDer], "certificate_expired"],
    ["the issuer's in the leaf's place", [caDer], "certificate_role"],
    ["one that is no certificate", [encodeDer(0x30)], "evidence_malformed"],
  ])("is refused when it is %s", async (_, ders, code) => {
    expect(await verdict(() => appraiseAzureSnp(certified(...ders)))).toBe(code);
  });

  it("counts under its own anchor set only", async () => {
    const input = certified(leaf, caDer);
    expect(await verdict(() => appraiseAzureSnp({ ...input, anchors: { sim: mint({ ak }).anchors.sim ?? {}, vendor: { vtpm: [rootDer] } } }))).toBe("evidence_anchor");
  });
});
