import { bn254 } from "@noble/curves/bn254.js";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { writeProof } from "../../src/protocol/objects/proof-bytes.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { artefactsOf, circuitName, datasetCircuitOf, ingestCircuitOf, PINNED_CIRCUITS, programId, PROGRAM_IDS, scoreCircuitOf, verificationKeyOf } from "../../src/proofs/artefacts.js";
import {
  proofFromLedger, proofFromSnarkjs, proofFromWire, proofToLedger, proofToSnarkjs, proofToWire, Q,
} from "../../src/proofs/codec.js";
import type { Groth16Proof } from "../../src/proofs/types.js";
import { toPublicSignals } from "../../src/proofs/types.js";
import { verificationKeyFromBytes, verificationKeySha256, verificationKeyToBytes } from "../../src/proofs/vk.js";
import { toHex } from "../../src/protocol/bytes.js";
import { field } from "../../src/protocol/field.js";
import { Groth16ProofSchema } from "../../src/protocol/wire/veritee_pb.js";

const coordinate = fc.bigInt({ min: 0n, max: Q - 1n });
const fp2 = fc.record({ c0: coordinate, c1: coordinate });
const g1 = fc.record({ x: coordinate, y: coordinate });
const proofs: fc.Arbitrary<Groth16Proof> = fc.record({ a: g1, b: fc.record({ x: fp2, y: fp2 }), c: g1 });

const numbered: Groth16Proof = {
  a: { x: 1n, y: 2n }, b: { x: { c0: 3n, c1: 4n }, y: { c0: 5n, c1: 6n } }, c: { x: 7n, y: 8n },
};

describe("a proof keeps its coordinates", () => {
  test("over the wire", () => fc.assert(fc.property(proofs, (p) => {
    expect(proofFromWire(fromBinary(Groth16ProofSchema, toBinary(Groth16ProofSchema, create(Groth16ProofSchema, writeProof(proofToWire(p))))))).toEqual(p);
  })));
  test("through the ledger's words", () => fc.assert(fc.property(proofs, (p) => {
    expect(proofFromLedger(proofToLedger(p))).toEqual(p);
  })));
  test("through snarkjs' JSON", () => fc.assert(fc.property(proofs, (p) => {
    expect(proofFromSnarkjs(proofToSnarkjs(p))).toEqual(p);
  })));
  test("with G2 in EIP-197 order on the ledger and c0 first on the wire", () => {
    expect(proofToLedger(numbered)).toEqual([1n, 2n, 4n, 3n, 6n, 5n, 7n, 8n]);
    expect(proofToWire(numbered).b.map((b) => b[31])).toEqual([3, 4, 5, 6]);
  });
});

describe("malformed proofs are refused", () => {
  const wire = () => proofToWire(numbered);
  const invalid = expect.objectContaining({ code: "input_invalid" });
  test("a missing coordinate", () => expect(() => proofFromWire({ ...wire(), b: wire().b.slice(1) })).toThrow(invalid));
  test("a surplus coordinate", () => expect(() => proofFromWire({ ...wire(), a: [...wire().a, new Uint8Array(32)] })).toThrow(invalid));
  test("a short coordinate", () => expect(() => proofFromWire({ ...wire(), c: [new Uint8Array(31), new Uint8Array(32)] })).toThrow(invalid));
  test("a coordinate not below the field's order", () =>
    expect(() => proofFromWire({ ...wire(), c: [new Uint8Array(32).fill(255), new Uint8Array(32)] })).toThrow(invalid));
  test("a projective point", () => {
    const json = proofToSnarkjs(numbered);
    expect(() => proofFromSnarkjs({ ...json, pi_a: ["1", "2", "3"] })).toThrow(invalid);
    expect(() => proofFromSnarkjs({ ...json, pi_c: ["0x1", "2", "1"] })).toThrow(invalid);
  });
});

describe("verification keys", () => {
  test.each(PINNED_CIRCUITS)("of %s have the pinned hash, as many points as signals, and survive their canonical bytes", (circuit) => {
    const key = verificationKeyOf(circuit);
    const bytes = verificationKeyToBytes(key);
    expect(bytes.length).toBe(64 + 3 * 128 + (artefactsOf(circuit).publicInputs + 1) * 64);
    expect(verificationKeyFromBytes(bytes)).toEqual(key);
    expect(toHex(verificationKeySha256(key))).toBe(artefactsOf(circuit).verificationKeySha256);
  });
  test("start with alpha, and hold G2 with c1 before c0", () => {
    const key = verificationKeyOf("score-sme-invoice");
    const word = (i: number) => BigInt(`0x${toHex(verificationKeyToBytes(key).subarray(32 * i, 32 * i + 32))}`);
    expect([word(0), word(1), word(2), word(3)]).toEqual([key.alpha.x, key.alpha.y, key.beta.x.c1, key.beta.x.c0]);
  });
  test("have gamma at the generator, which every development key shares", () => {
    const { x, y } = bn254.G2.Point.BASE.toAffine();
    expect(verificationKeyOf("score-sme-invoice").gamma).toEqual({ x: { ...x }, y: { ...y } });
  });
  test.each([0, 447, 513, 511])("of %i bytes are refused", (length) =>
    expect(() => verificationKeyFromBytes(new Uint8Array(length))).toThrow(expect.objectContaining({ code: "input_invalid" })));
});

test("score signals are in circuit order", () => {
  const signals = toPublicSignals({
    registryRoot: field(1), resultCommitment: field(2), jobBinding: field(3), asOfDay: 4, sourceClass: 5,
  });
  expect(signals).toEqual([1n, 2n, 3n, 4n, 5n]);
});

test("a program without a circuit is unsupported", () =>
  expect(() => programId("freight/1")).toThrow(expect.objectContaining({ code: "unsupported" })));

test("every program names its three circuits, and nothing else is a circuit", () => {
  expect(PROGRAM_IDS.map((id) => [scoreCircuitOf(id), ingestCircuitOf(id), datasetCircuitOf(id)])).toEqual([
    ["score-sme-invoice", "ingest-sme-invoice", "dataset-sme-invoice"],
    ["score-retail-account", "ingest-retail-account", "dataset-retail-account"],
  ]);
  expect(() => circuitName("score-freight")).toThrow(expect.objectContaining({ code: "unsupported" }));
});

test("every pin says that its parameters are insecure", () => {
  for (const circuit of PINNED_CIRCUITS) expect(artefactsOf(circuit).parameters).toBe("development-INSECURE");
});
