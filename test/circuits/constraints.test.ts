import { describe, expect, test } from "vitest";
import { artefactsOf, PINNED_CIRCUITS, type CircuitName } from "../../src/proofs/artefacts.js";
import { parseR1cs } from "../../src/prover/r1cs.js";
import { freeWires } from "../soundness/harness/edits.js";
import { circuit } from "./harness/circuits.js";
import { discloseSample } from "./harness/disclose.js";
import { chunkSignals, datasetSignals as accountSignals, ingestCase } from "./harness/ingest-retail-account.js";
import { datasetSignals, ingestSignals } from "./harness/ingest-sme-invoice.js";
import { acceptedAggregates } from "./harness/invoice-datasets.js";
import { mixedChain, mixedInvoices, mixedStep } from "./harness/invoice-fixture.js";
import { retailInput, retailSample } from "./harness/retail-account.js";
import { smeInput, smeSample } from "./harness/sme-invoice.js";
import type { Signals } from "./harness/statement.js";
import { longTransactions, mixedTransactions, TERMS } from "./harness/transaction-datasets.js";

interface Sample {
  readonly circuit: CircuitName;
  /** An honest statement that leaves no hint undetermined. */
  readonly input: Signals;
  readonly domain: number;
  readonly most: number;
  /** Public signals whose zero claims nothing, by wire: without them the same witness is of another true statement. */
  readonly optional: readonly number[];
}

const MODEL_SHOWN = 5;
const samples: readonly Sample[] = [
  { circuit: "score-sme-invoice", input: smeInput(smeSample), domain: 14, most: 16_000, optional: [] },
  { circuit: "score-retail-account", input: retailInput(retailSample), domain: 14, most: 16_000, optional: [] },
  { circuit: "ingest-sme-invoice", input: ingestSignals(mixedStep(1)), domain: 15, most: 32_000, optional: [] },
  { circuit: "ingest-sme-invoice", input: ingestSignals(mixedStep(3)), domain: 15, most: 32_000, optional: [] }, // purchases
  { circuit: "dataset-sme-invoice", input: datasetSignals(mixedChain, acceptedAggregates(mixedInvoices)), domain: 13, most: 8_000, optional: [] },
  { circuit: "ingest-retail-account", input: chunkSignals(ingestCase(mixedTransactions, TERMS), 1), domain: 15, most: 30_000, optional: [] },
  { circuit: "ingest-retail-account", input: chunkSignals(ingestCase(longTransactions, TERMS), 1), domain: 15, most: 30_000, optional: [] }, // full
  { circuit: "dataset-retail-account", input: accountSignals(ingestCase(mixedTransactions, TERMS)), domain: 12, most: 4_000, optional: [] },
  { circuit: "disclose", input: discloseSample(), domain: 11, most: 1_400, optional: [MODEL_SHOWN] },
];

test("every pinned circuit has a sample", () => expect(new Set(samples.map((s) => s.circuit))).toEqual(new Set(PINNED_CIRCUITS)));

describe.each(samples)("constraints of $circuit", ({ circuit: name, input, domain, most, optional }) => {
  test(`are as many as pinned and fit a domain of 2^${domain}`, async () => {
    const { constraints, publicInputs } = parseR1cs((await circuit(name)).r1cs);
    const pin = artefactsOf(name);
    expect([constraints.length, publicInputs]).toEqual([pin.constraints, pin.publicInputs]);
    expect(constraints.length).toBeLessThanOrEqual(most);
    expect(constraints.length + publicInputs + 1).toBeLessThanOrEqual(2 ** domain);
  });

  test("leave no wire free: each one, changed alone, violates some of them", async () => {
    const under = await circuit(name);
    const r1cs = parseR1cs(under.r1cs);
    const free = freeWires(r1cs, await under.witness(input));
    expect(free).toEqual(optional);
  });

  test("use every public signal", async () => {
    const { constraints, publicInputs } = parseR1cs((await circuit(name)).r1cs);
    const used = new Set(constraints.flatMap(({ a, b, c }) => [...a.wires, ...b.wires, ...c.wires]));
    for (let s = 1; s <= publicInputs; s++) expect(used.has(s), `signal ${s}`).toBe(true);
  });
});
