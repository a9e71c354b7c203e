import { describe, expect, it } from "vitest";
import type { Field } from "../../src/protocol/field.js";
import { datasetProofFromBytes, datasetProofId, datasetProofToBytes, type DatasetProof } from "../../src/protocol/objects/index.js";
import { seededRandom } from "../harness/seeded.js";

// Promise: one dataset proof has one spelling, and what is malformed is refused before anybody computes with it.

const bytes = seededRandom("dataset-proof");
const proof = () => ({ a: [bytes(32), bytes(32)], b: [bytes(32), bytes(32), bytes(32), bytes(32)], c: [bytes(32), bytes(32)] });
const honest: DatasetProof = {
  program: "sme-invoice/1", leaf: 1n as Field, datasetRoot: 2n as Field, sourceClass: 2, sourceKey: 3n as Field,
  states: [4n, 5n, 6n] as Field[], chunks: [proof(), proof()], dataset: proof(),
  ingestKeySha256: bytes(32), datasetKeySha256: bytes(32), endorsement: bytes(65),
};

describe("a dataset proof's bytes", () => {
  it("read back as written, with and without an endorsement, and without a chunk", () => {
    for (const variant of [honest, { ...honest, endorsement: undefined }, { ...honest, states: [4n as Field], chunks: [] }]) {
      expect(datasetProofFromBytes(datasetProofToBytes(variant))).toEqual(variant);
    }
  });

  it("are named by their content", () => {
    expect(datasetProofId(datasetProofToBytes(honest))).not.toBe(datasetProofId(datasetProofToBytes({ ...honest, leaf: 9n as Field })));
  });

  it.each([
    ["a state too few", { states: honest.states.slice(1) }],
    ["a proof too few", { chunks: honest.chunks.slice(1) }],
    ["a class that does not exist", { sourceClass: 6 }],
    ["a short endorsement", { endorsement: new Uint8Array(64) }],
    ["a short coordinate", { dataset: { ...honest.dataset, a: [bytes(31), bytes(32)] } }],
  ])("refuse %s", (_, change) => {
    expect(() => datasetProofFromBytes(datasetProofToBytes({ ...honest, ...change }))).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });

  it("refuse another spelling and every truncation", () => {
    const whole = datasetProofToBytes(honest);
    expect(() => datasetProofFromBytes(Uint8Array.from([...whole, 0x60, 0x00]))).toThrow(expect.objectContaining({ code: "input_invalid" }));
    for (let n = 0; n < whole.length; n += 97) expect(() => datasetProofFromBytes(whole.slice(0, n))).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });
});
