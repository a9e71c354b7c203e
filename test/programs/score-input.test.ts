import { LeanIMT } from "@zk-kit/lean-imt";
import { poseidon2 } from "poseidon-lite";
import { describe, expect, test } from "vitest";
import { aggregateCommitment, jobBinding, leaf, ownerField } from "../../src/protocol/commitments.js";
import { utf8 } from "../../src/protocol/bytes.js";
import { field, type Field } from "../../src/protocol/field.js";
import { generateRetailAccount } from "../../src/programs/generator/retail-account.js";
import { generateSmeInvoice } from "../../src/programs/generator/sme-invoice.js";
import { openDataFolder, readDatasets } from "../../src/programs/import/data-folder.js";
import { memorySource } from "../../src/programs/import/source.js";
import { aggregate } from "../../src/programs/program.js";
import { programById, programByName, programs } from "../../src/programs/registry.js";
import { buildScoreInput, publicSignalList, type ScoreParts } from "../../src/programs/score-input.js";

const salt = (byte: number): Uint8Array => new Uint8Array(31).fill(byte);
const owner = ownerField(utf8("owner"));
const files = { "sme-invoice": generateSmeInvoice({ seed: "in", enterprises: 1, invoices: 60 }), "retail-account": generateRetailAccount({ seed: "in", accounts: 1 }) };

/** Parts of a job over a dataset that is leaf number 5 of 11. */
async function partsFor(name: keyof typeof files): Promise<ScoreParts> {
  const [dataset] = await readDatasets(await openDataFolder(memorySource(files[name])), "all");
  if (dataset === undefined) throw new Error("no dataset");
  const program = programByName(name);
  const aggregates = aggregate(program, dataset.records, dataset.terms);
  const datasetRoot = field(77);
  const commitment = aggregateCommitment(program.aggregateElements(aggregates), salt(1));
  const own = leaf({ programTag: program.tag, owner, sourceClass: 1, sourceKey: field(8), ...dataset.terms, datasetRoot, aggregates: commitment });
  const tree = new LeanIMT<bigint>((a, b) => poseidon2([a, b]), [1n, 2n, 3n, 4n, 5n, own, 6n, 7n, 8n, 9n, 10n]);
  const { root, index, siblings } = tree.generateProof(5);
  return {
    program, aggregates, terms: dataset.terms, job: jobBinding(utf8("job")), aggregateSalt: salt(1), owner, sourceClass: 1, sourceKey: field(8), datasetRoot,
    path: { root: root as Field, index, siblings: siblings as Field[] }, model: program.defaultModel, modelSalt: salt(2), gradeSalt: salt(3), detailSalt: salt(4),
  };
}

describe.each(["sme-invoice", "retail-account"] as const)("buildScoreInput of %s", (name) => {
  test("gives the names and lengths of protocol section 7", async () => {
    const parts = await partsFor(name);
    const { input } = buildScoreInput(parts);
    const lengths = Object.fromEntries(Object.entries(input).map(([k, v]) => [k, typeof v === "bigint" ? 1 : v.length]));
    const n = parts.program.characteristics.length;
    const common = Object.fromEntries([
      "R", "K", "J", "asOfDay", "sourceClass", "ownerId", "sourceKey", "termsAmount", "datasetRoot", "aggregateSalt", "modelHeader", "modelSalt", "gradeSalt",
      "detailSalt", "merkleDepth", "merkleIndex",
    ].map((k) => [k, 1]));
    expect(lengths).toEqual({
      ...common, modelCharacteristics: n, bins: n, merkleSiblings: 20, ...(name === "sme-invoice" ? { aggregates: 13, maxMonth: 1 } : { aggregates: 2 }),
    });
  });

  test("public signals are the circuit's, in its order", async () => {
    const parts = await partsFor(name);
    const { publicSignals, opened, input } = buildScoreInput(parts);
    const list = publicSignalList(publicSignals);
    expect(list).toEqual([parts.path.root, opened.result, parts.job, BigInt(parts.terms.asOfDay), 1n]);
    expect(list).toEqual(["R", "K", "J", "asOfDay", "sourceClass"].map((k) => input[k]));
    expect(poseidon2([opened.gradePart, opened.detailPart])).toBe(opened.result);
  });

  test("K changes with the job, the model's salt and either salt of the result", async () => {
    const parts = await partsFor(name);
    const k = (over: Partial<ScoreParts>): bigint => buildScoreInput({ ...parts, ...over }).opened.result;
    const all = [k({}), k({ job: field(1) }), k({ modelSalt: salt(9) }), k({ gradeSalt: salt(9) }), k({ detailSalt: salt(9) })];
    expect(new Set(all).size).toBe(5);
  });

  test("anything that moves the leaf from under the root is refused before proving", async () => {
    const parts = await partsFor(name);
    const { path } = parts;
    const moved: Partial<ScoreParts>[] = [
      { owner: field(1) }, { sourceClass: 2 }, { sourceKey: field(1) }, { datasetRoot: field(1) }, { aggregateSalt: salt(9) },
      { terms: { ...parts.terms, asOfDay: parts.terms.asOfDay - 1 } }, { path: { ...path, root: field(1) } }, { path: { ...path, index: path.index ^ 1 } }, { path: { ...path, index: -1 } },
    ];
    for (const over of moved) {
      expect(() => buildScoreInput({ ...parts, ...over })).toThrowError(expect.objectContaining({ code: "commitment_mismatch" }));
    }
  });

  test("a tree deeper than the circuit is refused", async () => {
    const parts = await partsFor(name);
    const path = { ...parts.path, siblings: Array.from({ length: 21 }, () => field(1)) };
    expect(() => buildScoreInput({ ...parts, path })).toThrowError(expect.objectContaining({ code: "unsupported" }));
  });
});

describe("maxMonth", () => {
  test("is the first of the largest sales months", async () => {
    const { program, aggregates } = await partsFor("sme-invoice");
    const sales = Array.from({ length: 36 }, (_, m) => (m === 7 || m === 9 ? 500 : -m));
    expect(program.hints({ ...aggregates, sales })).toEqual({ maxMonth: 7n });
  });
});

describe("registry", () => {
  test("finds programs by id and by name, and refuses others", () => {
    expect(programs.map((p) => [programById(p.id), programByName(p.name)])).toEqual(programs.map((p) => [p, p]));
    expect(() => programByName("sme-invoice/1")).toThrowError(expect.objectContaining({ code: "unsupported" }));
  });

  test("programs have tags and chunk sizes of protocol sections 3 and 4", () => {
    expect(programs.map((p) => [p.id, p.tag, p.slotsPerChunk])).toEqual([["sme-invoice/1", 101n, 320], ["retail-account/1", 201n, 250]]);
  });
});
