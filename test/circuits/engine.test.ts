import { describe, expect, test } from "vitest";
import { retailAccountEdgeCases } from "../../src/programs/generator/retail-account-edges.js";
import { smeInvoiceEdgeCases } from "../../src/programs/generator/sme-invoice-edges.js";
import { openDataFolder, readDatasets } from "../../src/programs/import/data-folder.js";
import { folderSource } from "../../src/enterprise/import/files.js";
import { aggregate, type Aggregates, type Program } from "../../src/programs/program.js";
import { programByName } from "../../src/programs/registry.js";
import { buildScoreInput, type ScoreInput } from "../../src/programs/score-input.js";
import type { Terms } from "../../src/programs/terms.js";
import { programId, scoreCircuitOf } from "../../src/proofs/artefacts.js";
import { aggregateCommitment, leaf } from "../../src/protocol/commitments.js";
import { field } from "../../src/protocol/field.js";
import { importText } from "../programs/helpers.js";
import { golden, hasShared, sharedData } from "../programs/shared.js";
import { circuit, type CircuitUnderTest } from "./harness/circuits.js";

// The engine of src/programs and the circuits agree: what it builds has a witness. That no other bins, score or grade
// have one is shown by the tests beside this one.

const salt = (byte: number): Uint8Array => new Uint8Array(31).fill(byte);

/** The engine's input for a dataset that is the only leaf of its tree. */
function engineInput(program: Program, aggregates: Aggregates, terms: Terms): ScoreInput {
  const parts = { owner: field(5), sourceClass: 2, sourceKey: field(6), datasetRoot: field(7) };
  const commitment = aggregateCommitment(program.aggregateElements(aggregates), salt(1));
  const root = leaf({ ...parts, programTag: program.tag, ...terms, aggregates: commitment });
  return buildScoreInput({
    ...parts, program, terms, aggregates, aggregateSalt: salt(1), job: field(8), path: { root, index: 0, siblings: [] },
    model: program.defaultModel, modelSalt: salt(2), gradeSalt: salt(3), detailSalt: salt(4),
  });
}

const opened = new Map<string, Promise<CircuitUnderTest>>();

function circuitOf({ id }: Program): Promise<CircuitUnderTest> {
  const pending = opened.get(id) ?? circuit(scoreCircuitOf(programId(id)));
  opened.set(id, pending);
  return pending;
}

async function agrees(program: Program, aggregates: Aggregates, terms: Terms): Promise<void> {
  const under = await circuitOf(program);
  const { input } = engineInput(program, aggregates, terms);
  const signals = Object.fromEntries(Object.entries(input).map(([k, v]) => [k, typeof v === "bigint" ? v : [...v]]));
  await expect(under.witness(signals)).resolves.toBeDefined();
}

describe.each([
  ["sme-invoice", smeInvoiceEdgeCases()],
  ["retail-account", retailAccountEdgeCases()],
] as const)("engine and circuit agree on %s", (name, cases) => {
  const program = programByName(name);
  test.each(cases.map((c) => [c.name, c] as const))("%s", async (_, { csv, terms }) => {
    const { records } = await importText(program, csv, terms);
    await agrees(program, aggregate(program, records, terms), terms);
  });
});

describe.each([["sme-invoice", "cumcm", 6], ["retail-account", "berka", 12]] as const)("engine and circuit agree on real %s", (name, set, count) => {
  test.runIf(hasShared(set))("applicants", async () => {
    const program = programByName(name);
    const applicants = golden(set).slice(0, count).map((row) => row.applicant);
    const datasets = await readDatasets(await openDataFolder(folderSource(sharedData(set))), applicants);
    expect(datasets).toHaveLength(count);
    for (const { records, terms } of datasets) await agrees(program, aggregate(program, records, terms), terms);
  });
});
