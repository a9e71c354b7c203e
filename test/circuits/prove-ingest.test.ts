import { afterAll, beforeAll, expect, test } from "vitest";
import { verificationKeyOf, type CircuitName } from "../../src/proofs/artefacts.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { artefactsIn } from "../../src/prover/artefact-files.js";
import { terminate } from "../../src/prover/engine.js";
import { snarkjsProver } from "../../src/prover/groth16.js";
import { defaultCache } from "../../src/prover/setup.js";
import { circuit, root } from "./harness/circuits.js";
import { chunkSignals, datasetSignals as accountSignals, ingestCase } from "./harness/ingest-retail-account.js";
import { datasetSignals, ingestSignals } from "./harness/ingest-sme-invoice.js";
import { acceptedAggregates } from "./harness/invoice-datasets.js";
import { mixedChain, mixedInvoices, mixedStep } from "./harness/invoice-fixture.js";
import type { Signals } from "./harness/statement.js";
import { longTransactions, TERMS } from "./harness/transaction-datasets.js";

// Through the real prover. Keys are made first where they are missing, which takes a minute.
const prover = snarkjsProver(artefactsIn(defaultCache(root)));
beforeAll(async () => {
  for (const name of ["ingest-sme-invoice", "dataset-sme-invoice", "ingest-retail-account", "dataset-retail-account"] as const) await circuit(name);
});
afterAll(terminate);

const CHUNK = ["stateIn", "stateOut"];
const DATASET = ["stateFirst", "stateLast", "leaf", "datasetRoot", "sourceClass", "sourceKey"];
const account = ingestCase(longTransactions, TERMS);

test.each<[CircuitName, Signals, readonly string[]]>([
  ["ingest-sme-invoice", ingestSignals(mixedStep(1)), CHUNK],
  ["dataset-sme-invoice", datasetSignals(mixedChain, acceptedAggregates(mixedInvoices)), DATASET],
  ["ingest-retail-account", chunkSignals(account, 2), CHUNK],
  ["dataset-retail-account", accountSignals(account), DATASET],
])("%s proves, and verifies for its public signals in their order alone", async (name, input, publicNames) => {
  const { proof, signals } = await prover.prove(name, input);
  expect(signals).toEqual(publicNames.map((signal) => input[signal]));
  const key = verificationKeyOf(name);
  verifyProof(key, signals, proof);
  for (const at of signals.keys()) {
    const others = signals.map((v, i) => (i === at ? v + 1n : v));
    expect(() => verifyProof(key, others, proof)).toThrow(expect.objectContaining({ code: "proof_invalid" }));
  }
});
