import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ingestTransactions } from "../../src/programs/retail-account/ingest.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { circuit, type CircuitUnderTest } from "./harness/circuits.js";
import { aggregatesOf, chunkSignals, claimedState, commitState, datasetSignals, ingestCase } from "./harness/ingest-retail-account.js";
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
  const plan = ingestTransactions(retailAccount, ownersSource(account));
  expect(plan.states).toEqual(Array.from({ length: n + 1 }, (_, i) => commitState(claimedState(honest, i))));
  expect(plan.datasetInput).toEqual(datasetSignals(honest));
  expect([plan.leaf, plan.datasetRoot]).toEqual([plan.datasetInput["leaf"], plan.datasetInput["datasetRoot"]]);
  for (let i = 1; i <= n; i++) expect(plan.chunkInput(i)).toEqual(chunkSignals(honest, i));
  for (const none of [0, n + 1]) expect(() => plan.chunkInput(none)).toThrowError(expect.objectContaining({ code: "input_invalid" }));
}

describe("a dataset of retail-account is provable from records to leaf", () => {
  test.each(Object.entries(boundaryAccounts))("%s", async (_, account) => provable(account));

  test("whatever its days, balances and kinds", async () => {
    await fc.assert(fc.asyncProperty(accounts(40), provable), { numRuns: 30, seed: 19990101 });
    await fc.assert(fc.asyncProperty(accounts(600), provable), { numRuns: 4, seed: 19990102 });
  });
});

describe("the plan of a dataset's proofs equals a second implementation", () => {
  test.each(Object.entries(boundaryAccounts))("%s", (_, account) => planned(account));

  test("on random accounts", () => {
    fc.assert(fc.property(accounts(60), planned), { numRuns: 40, seed: 19990103 });
  });
});
