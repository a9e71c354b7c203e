import { afterAll, beforeAll, expect, test } from "vitest";
import { proveDataset, proveHere } from "../../src/enterprise/dataset/prove.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { verifyDatasetProof } from "../../src/proofs/dataset-proof.js";
import { splitIntoChunks } from "../../src/protocol/chunks.js";
import { field, type Field } from "../../src/protocol/field.js";
import { artefactsIn } from "../../src/prover/artefact-files.js";
import { terminate } from "../../src/prover/engine.js";
import { snarkjsProver } from "../../src/prover/groth16.js";
import { defaultCache } from "../../src/prover/setup.js";
import { circuit, root } from "./harness/circuits.js";
import { TERMS } from "./harness/ingest-sme-invoice.js";
import { purchase, recordsOf, sale } from "./harness/invoice-datasets.js";

// From records to one verified object, through the real prover. Keys are made first where they are missing: about a minute.
beforeAll(async () => {
  for (const name of ["ingest-sme-invoice", "dataset-sme-invoice"] as const) await circuit(name);
});
afterAll(terminate);

test("a dataset's proof verifies as one object, and not with another leaf, source, state or order", async () => {
  const terms = { asOfDay: TERMS.asOfDay, termsAmount: 0 };
  const records = smeInvoice.canonical(recordsOf([sale(1, 500n), sale(2, -70n), purchase(1, 30n)]), terms);
  const chunks = splitIntoChunks(smeInvoice, records, () => new Uint8Array(31).fill(7));
  const source = { sourceClass: 0, sourceKey: field(0) };
  const plan = smeInvoice.ingest({ chunks, terms, aggregateSalt: new Uint8Array(31).fill(9), owner: field(5), ...source });
  const journal = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
  const proof = await proveDataset(
    { program: smeInvoice.id, plan, ...source }, { prover: proveHere(smeInvoice.id, { prover: snarkjsProver(artefactsIn(defaultCache(root))) }), journal });

  expect(proof.chunks).toHaveLength(2);
  expect(() => verifyDatasetProof(proof)).not.toThrow();
  const [first, between, last] = proof.states as [Field, Field, Field];
  const others = [
    { leaf: field(1) }, { datasetRoot: field(1) }, { sourceClass: 1, sourceKey: field(6) },
    { states: [first, last, between] }, { chunks: proof.chunks.toReversed() }, { states: [first, last], chunks: proof.chunks.slice(1) },
  ];
  for (const other of others) {
    expect(() => verifyDatasetProof({ ...proof, ...other }), Object.keys(other).join()).toThrow(expect.objectContaining({ code: "proof_invalid" }));
  }
});
