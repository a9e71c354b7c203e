import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderProofs } from "../../src/enterprise/dataset/local.js";
import { proveDataset, proveHere, type LocalProving, type ProveStep, type StatementProver } from "../../src/enterprise/dataset/prove.js";
import { verifyDatasetProof } from "../../src/proofs/dataset-proof.js";
import { KEYS, planOf, trapdoorProver } from "../harness/dataset-proofs.js";

// Promises: an interrupted proof goes on where it stopped; what it left behind is never believed; what comes out verifies.

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "veritee-prove-"))));
afterAll(() => rm(folder, { recursive: true }));

const here = (prover: LocalProving["prover"], how: Omit<LocalProving, "prover"> = {}): StatementProver => proveHere("sme-invoice/1", { prover, ...how });
const dataset = (plan = planOf(5)) => ({ program: "sme-invoice/1", plan, sourceClass: 0, sourceKey: 0n as never });

describe("proving a dataset", () => {
  it("proves every chunk once and then the chain, and shows how far it is", async () => {
    const proved: string[] = [];
    const steps: ProveStep[] = [];
    const journal = folderProofs(await mkdtemp(join(folder, "whole-")));
    const proof = await proveDataset(dataset(), { prover: here(trapdoorProver((c) => proved.push(c)), { parallel: 2 }), journal, keys: KEYS, onStep: (s) => steps.push(s) });
    expect(proved).toEqual([...Array.from({ length: 5 }, () => "ingest-sme-invoice"), "dataset-sme-invoice"]);
    expect(steps.map((s) => s.done)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
  });

  it("goes on after an interruption at every chunk, proving none twice", async () => {
    for (let stop = 0; stop < 5; stop++) {
      const journal = folderProofs(await mkdtemp(join(folder, "stopped-")));
      const halt = new AbortController();
      let made = 0;
      const count = () => { if (++made > stop) halt.abort(); };
      await expect(proveDataset(dataset(), { prover: here(trapdoorProver(count), { signal: halt.signal }), journal, keys: KEYS })).rejects.toThrow();
      let later = 0;
      const proof = await proveDataset(dataset(), { prover: here(trapdoorProver(() => later++)), journal, keys: KEYS });
      expect(made + later).toBe(6);
      expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
    }
  });

  it("makes anew what a crash, another dataset or an attacker left in the folder", async () => {
    const place = await mkdtemp(join(folder, "spoilt-"));
    const journal = folderProofs(place);
    await proveDataset(dataset(planOf(5, "another dataset")), { prover: here(trapdoorProver()), journal, keys: KEYS });
    await writeFile(join(place, "2.proof"), new Uint8Array(100));
    await writeFile(join(place, "3.proof"), new Uint8Array(256).fill(255));
    let made = 0;
    const proof = await proveDataset(dataset(), { prover: here(trapdoorProver(() => made++)), journal, keys: KEYS });
    expect(made).toBe(6);
    expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
  });

  it("proves a dataset without a chunk", async () => {
    const proof = await proveDataset(dataset(planOf(0)), { prover: here(trapdoorProver()), journal: folderProofs(folder), keys: KEYS });
    expect(proof.chunks).toEqual([]);
    expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
  });
});
