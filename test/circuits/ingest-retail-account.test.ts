import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { folderSource } from "../../src/enterprise/import/files.js";
import { openDataFolder, readDatasets } from "../../src/programs/import/data-folder.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import type { CircuitInput } from "../../src/programs/score-input.js";
import { splitIntoChunks } from "../../src/protocol/chunks.js";
import { field } from "../../src/protocol/field.js";
import { golden, hasShared, sharedData } from "../programs/shared.js";
import { circuit, type CircuitUnderTest } from "./harness/circuits.js";
import { partOf } from "./harness/part.js";
import { aggregatesOf, chunkSignals, claimedState, commitState, datasetSignals, ingestCase } from "./harness/ingest-retail-account.js";
import type { Signals } from "./harness/statement.js";
import { acceptedAggregates, accounts, boundaryAccounts, ownersSource, type Account } from "./harness/transaction-datasets.js";

let ingest: CircuitUnderTest;
let dataset: CircuitUnderTest;
beforeAll(async () => {
  [ingest, dataset] = [await circuit("ingest-retail-account"), await circuit("dataset-retail-account")];
});

/** Every chunk has a witness, and the last state opens to the aggregates that the program's accumulator gives. */
async function provable(account: Account): Promise<void> {
  const aggregates = acceptedAggregates(account);
  const honest = ingestCase(account.transactions, account.terms);
  expect(aggregatesOf(honest)).toEqual(aggregates);
  for (let i = 1; i <= honest.chunks.length; i++) await ingest.witness(chunkSignals(honest, i));
  await dataset.witness(datasetSignals({ ...honest, aggregates }));
}

/** The owner's own plan has the same states, leaf and inputs. */
function planned(account: Account): void {
  const honest = ingestCase(account.transactions, account.terms);
  const n = honest.chunks.length;
  const plan = retailAccount.ingest(ownersSource(account));
  expect(plan.states).toEqual(Array.from({ length: n + 1 }, (_, i) => commitState(claimedState(honest, i))));
  expect(plan.datasetInput).toEqual(datasetSignals(honest));
  expect([plan.leaf, plan.datasetRoot]).toEqual([plan.datasetInput["leaf"], plan.datasetInput["datasetRoot"]]);
  for (let i = 1; i <= n; i++) expect(plan.chunkInput(i)).toEqual(chunkSignals(honest, i));
  for (const none of [0, n + 1]) expect(() => plan.chunkInput(none)).toThrowError(expect.objectContaining({ code: "input_invalid" }));
}

describe("a dataset of retail-account is provable from records to leaf", () => {
  test.each(partOf(Object.entries(boundaryAccounts)))("%s", async (_, account) => provable(account));

  test("whatever its days, balances and kinds", async () => {
    await fc.assert(fc.asyncProperty(accounts(40), provable), { numRuns: 30, seed: 19990101 });
    await fc.assert(fc.asyncProperty(accounts(600), provable), { numRuns: 4, seed: 19990102 });
  });
});

describe("the plan of a dataset's proofs equals a second implementation", () => {
  test.each(partOf(Object.entries(boundaryAccounts)))("%s", (_, account) => planned(account));

  test("on random accounts", () => {
    fc.assert(fc.property(accounts(60), planned), { numRuns: 40, seed: 19990103 });
  });
});

const REAL_ACCOUNTS = 12;
const writable = (input: CircuitInput): Signals => Object.fromEntries(Object.entries(input).map(([k, v]) => [k, typeof v === "bigint" ? v : [...v]]));

test.runIf(hasShared("berka"))("real accounts are provable as the program plans it", async () => {
  const applicants = golden("berka").slice(0, REAL_ACCOUNTS).map((row) => row.applicant);
  const datasets = await readDatasets(await openDataFolder(folderSource(sharedData("berka"))), applicants);
  expect(datasets).toHaveLength(REAL_ACCOUNTS);
  for (const { records, terms } of datasets) {
    const chunks = splitIntoChunks(retailAccount, retailAccount.canonical(records, terms), () => new Uint8Array(31).fill(7));
    const plan = retailAccount.ingest({ chunks, terms, aggregateSalt: new Uint8Array(31).fill(9), owner: field(5), sourceClass: 0, sourceKey: field(0) });
    for (const { index } of chunks) await expect(ingest.witness(writable(plan.chunkInput(index)))).resolves.toBeDefined();
    await expect(dataset.witness(writable(plan.datasetInput))).resolves.toBeDefined();
  }
});
