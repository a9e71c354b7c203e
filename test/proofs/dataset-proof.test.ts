import { describe, expect, it } from "vitest";
import type { Field } from "../../src/protocol/field.js";
import type { DatasetProof } from "../../src/protocol/objects/index.js";
import { invalidChunks, verifyDatasetProof } from "../../src/proofs/dataset-proof.js";
import { datasetKey, ingestKey, KEYS, planOf } from "../harness/dataset-proofs.js";

// Promise: a dataset proof passes only whole: each chunk once, in order, from the first state to the last, for this leaf,
// this root and this source.

function honestOf(chunks: number): DatasetProof {
  const { states, leaf, datasetRoot, datasetInput } = planOf(chunks);
  return {
    program: "sme-invoice/1", leaf, datasetRoot, sourceClass: 0, sourceKey: 0n as Field, states,
    chunks: Array.from({ length: chunks }, (_, i) => ingestKey.prove([states[i] as bigint, states[i + 1] as bigint])),
    dataset: datasetKey.prove(datasetInput["signals"] as bigint[]),
    ingestKeySha256: KEYS.ingest.sha256, datasetKeySha256: KEYS.dataset.sha256, endorsement: undefined,
  };
}
const honest = honestOf(5);
const large = honestOf(66); // more than one batch
const swapped = <T>(list: readonly T[], i: number, j: number): T[] => list.map((v, k) => (k === i ? list[j] : k === j ? list[i] : v) as T);
const without = <T>(list: readonly T[], i: number): T[] => list.filter((_, k) => k !== i);

describe("a dataset proof", () => {
  it("verifies, and tells how far it is", () => {
    const steps: number[] = [];
    verifyDatasetProof(large, KEYS, (done) => steps.push(done));
    expect(steps).toEqual([64, 66]);
  });

  it.each<[string, Partial<DatasetProof>, string]>([
    ["two chunks swapped", { chunks: swapped(honest.chunks, 2, 3) }, "proof_invalid"],
    ["a chunk left out", { chunks: without(honest.chunks, 2), states: without(honest.states, 2) }, "proof_invalid"],
    ["the first chunk left out", { chunks: honest.chunks.slice(1), states: honest.states.slice(1) }, "proof_invalid"],
    ["the last chunk left out", { chunks: honest.chunks.slice(0, -1), states: honest.states.slice(0, -1) }, "proof_invalid"],
    ["a chunk twice", { chunks: [...honest.chunks, honest.chunks[4] as never], states: [...honest.states, honest.states[5] as never] }, "proof_invalid"],
    ["another leaf", { leaf: 1n as Field }, "proof_invalid"],
    ["another dataset root", { datasetRoot: 1n as Field }, "proof_invalid"],
    ["a source that was not proved", { sourceClass: 2, sourceKey: 5n as Field }, "proof_invalid"],
    ["a class without a source", { sourceClass: 2 }, "input_invalid"],
    ["a source without a class", { sourceKey: 5n as Field }, "input_invalid"],
    ["a proof of another statement", { dataset: honest.chunks[0] as never }, "proof_invalid"],
    ["the keys of other circuits", { ingestKeySha256: new Uint8Array(32) }, "artefact_mismatch"],
  ])("is refused with %s", (_, change, code) => {
    expect(() => verifyDatasetProof({ ...honest, ...change }, KEYS)).toThrow(expect.objectContaining({ code }));
  });

  it("names the chunk that is bad", () => {
    const bad = { ...large, chunks: large.chunks.map((c, i) => (i === 64 ? large.chunks[0] as typeof c : c)) };
    expect(() => verifyDatasetProof(bad, KEYS)).toThrow(expect.objectContaining({ code: "proof_invalid", facts: expect.objectContaining({ chunk: 65 }) }));
    expect(invalidChunks(bad.states, new Map(bad.chunks.map((c, i) => [i + 1, c])), KEYS)).toEqual([65]);
  });
});
