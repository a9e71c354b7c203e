import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { artefactsOf, datasetCircuitOf, ingestCircuitOf, PINNED_CIRCUITS, PROGRAM_IDS, scoreCircuitOf } from "../src/proofs/artefacts.js";
import { programById } from "../src/programs/registry.js";

const read = (path: string): Record<string, number> => JSON.parse(readFileSync(resolve(import.meta.dirname, "..", path), "utf8")) as Record<string, number>;

describe("bench/snapshot.json holds the deterministic figures, so that none changes unnoticed", () => {
  const score = Object.fromEntries(PROGRAM_IDS.map((id) => [`constraints.score.${programById(id).name}`, artefactsOf(scoreCircuitOf(id)).constraints]));
  const ingest = Object.fromEntries(PROGRAM_IDS.filter((id) => PINNED_CIRCUITS.includes(ingestCircuitOf(id))).flatMap((id) => {
    const { name, slotsPerChunk } = programById(id);
    const { constraints } = artefactsOf(ingestCircuitOf(id));
    return [
      [`constraints.ingest.${name}`, constraints],
      [`constraints.ingest.${name}.perRecord`, Math.round((100 * constraints) / slotsPerChunk) / 100],
      [`constraints.dataset.${name}`, artefactsOf(datasetCircuitOf(id)).constraints],
    ];
  }));
  const now = { ...score, ...ingest, "constraints.disclose": artefactsOf("disclose").constraints, ...read("contracts/gas.json") };

  it("equals what the circuits' pins and the contracts' measured gas say", () => {
    expect(read("bench/snapshot.json")).toEqual(now);
  });

  it("keeps every score circuit within the domain of 2^14", () => {
    for (const count of Object.values(score)) expect(count).toBeLessThanOrEqual(16_000);
  });
});
