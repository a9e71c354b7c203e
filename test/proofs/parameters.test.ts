import { bn254 } from "@noble/curves/bn254.js";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/protocol/bytes.js";
import { artefactsOf, PINNED_CIRCUITS, verificationKeyOf, type CircuitName } from "../../src/proofs/artefacts.js";
import { isDevelopmentKey } from "../../src/proofs/development.js";
import { builtInParameters, parametersFromJson, pinnedKeysOf, type ParametersJson } from "../../src/proofs/parameters.js";
import { pinnedKeys } from "../../src/proofs/pinned-key.js";
import type { G1Point, G2Point, VerificationKey } from "../../src/proofs/types.js";
import { verificationKeySha256, verificationKeyToBytes } from "../../src/proofs/vk.js";

const g1 = (k: bigint): G1Point => bn254.G1.Point.BASE.multiply(k).toAffine();
const g2 = (k: bigint): G2Point => {
  const { x, y } = bn254.G2.Point.BASE.multiply(k).toAffine();
  return { x: { c0: x.c0, c1: x.c1 }, y: { c0: y.c0, c1: y.c1 } };
};

/** A key that nobody made by a ceremony, but that has the form of one. */
const keyOf = (circuit: CircuitName): VerificationKey => ({
  alpha: g1(11n), beta: g2(12n), gamma: g2(1n), delta: g2(13n), ic: Array.from({ length: artefactsOf(circuit).publicInputs + 1 }, (_, i) => g1(20n + BigInt(i))),
});

type Entry = ParametersJson["circuits"][number];

function entryFor(circuit: CircuitName, key = keyOf(circuit)): Entry {
  const verificationKeySha256Hex = toHex(verificationKeySha256(key));
  return {
    manifest: { ...artefactsOf(circuit), zkeySha256: "ab".repeat(32), verificationKeySha256: verificationKeySha256Hex, parameters: "ceremony" },
    verificationKey: toHex(verificationKeyToBytes(key)),
  };
}

const fileOf = (...circuits: Entry[]): ParametersJson => ({ format: "veritee-parameters/1", transcriptSha256: "cd".repeat(32), circuits });
const score = entryFor("score-sme-invoice");
const refused = (json: unknown, error: object) => expect(() => parametersFromJson(json)).toThrow(expect.objectContaining(error));

test("a ceremony's parameters replace the pinned keys, are no development ones, and know no other circuit", () => {
  const parameters = parametersFromJson(JSON.parse(JSON.stringify(fileOf(score))));
  const key = pinnedKeysOf(parameters)("sme-invoice/1");
  expect(key).toMatchObject({ development: false, key: keyOf("score-sme-invoice") });
  expect(toHex(key.sha256)).not.toBe(toHex(pinnedKeys("sme-invoice/1").sha256));
  expect(parameters.manifest("score-sme-invoice")).toMatchObject({ parameters: "ceremony", zkeySha256: "ab".repeat(32) });
  expect(parameters.transcriptSha256).toBe("cd".repeat(32));
  expect(() => pinnedKeysOf(parameters)("retail-account/1")).toThrow(expect.objectContaining({ code: "unsupported" }));
  expect(() => parameters.manifest("disclose")).toThrow(expect.objectContaining({ code: "unsupported" }));
});

test("without a file the parameters are the build's own", () => {
  expect(builtInParameters.circuits).toEqual(PINNED_CIRCUITS);
  expect(pinnedKeysOf(builtInParameters)("retail-account/1")).toEqual(pinnedKeys("retail-account/1"));
});

describe("refused:", () => {
  test("what is no parameters file, naming the field", () => {
    refused(undefined, { code: "input_invalid" });
    refused({ ...fileOf(score), format: "veritee-parameters/2" }, { code: "input_invalid", facts: expect.objectContaining({ field: "format" }) });
    refused({ ...fileOf(score), surplus: 1 }, { code: "input_invalid" });
    refused(fileOf(), { code: "input_invalid" });
    refused(fileOf({ ...score, verificationKey: score.verificationKey.slice(2) }), { code: "input_invalid" });
  });

  test("a label other than a ceremony's: a file cannot bring development parameters in", () => {
    const label = "development-INSECURE" as unknown as "ceremony";
    refused(fileOf({ ...score, manifest: { ...score.manifest, parameters: label } }), { code: "input_invalid", facts: expect.objectContaining({ field: "circuits.0.manifest.parameters" }) });
  });

  test("a circuit twice, or one that this build does not have", () => {
    refused(fileOf(score, score), { code: "input_invalid" });
    refused(fileOf({ ...score, manifest: { ...score.manifest, circuit: "score-of-mine" } }), { code: "unsupported" });
  });

  test.each(["r1csSha256", "wasmSha256"] as const)("another version of the circuit, by its %s: parameters may change keys only", (name) => {
    refused(fileOf({ ...score, manifest: { ...score.manifest, [name]: "00".repeat(32) } }), { code: "artefact_mismatch" });
  });

  test("a verification key that is not the named one, or of another number of public signals", () => {
    refused(fileOf({ ...score, verificationKey: entryFor("score-sme-invoice", { ...keyOf("score-sme-invoice"), alpha: g1(99n) }).verificationKey }), { code: "artefact_mismatch" });
    const fewer = keyOf("score-sme-invoice");
    refused(fileOf(entryFor("score-sme-invoice", { ...fewer, ic: fewer.ic.slice(1) })), { code: "artefact_mismatch" });
  });

  test("delta equal to gamma, a point at infinity, a point off the curve", () => {
    const key = keyOf("score-sme-invoice");
    refused(fileOf(entryFor("score-sme-invoice", { ...key, delta: key.gamma })), { code: "parameters_insecure" });
    refused(fileOf(entryFor("score-sme-invoice", { ...key, ic: [...key.ic.slice(1), { x: 0n, y: 0n }] })), { code: "proof_invalid" });
    refused(fileOf(entryFor("score-sme-invoice", { ...key, alpha: { x: 5n, y: 5n } })), { code: "proof_invalid" });
  });

  test.each(PINNED_CIRCUITS)("the development key of %s under a ceremony's label, whole or in a single point", (circuit) => {
    const [development, key] = [verificationKeyOf(circuit), keyOf(circuit)];
    for (const disguised of [development, { ...key, alpha: development.alpha }, { ...key, beta: development.beta }, { ...key, delta: development.delta }]) {
      refused(fileOf(entryFor(circuit, disguised)), { code: "parameters_insecure", message: expect.stringMatching(/development/) });
    }
    expect(isDevelopmentKey(circuit, key)).toBe(false);
  });
});
