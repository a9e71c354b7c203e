// Promise: with a node at hand, what a receipt says of the ledger is not believed but asked.
import { beforeAll, describe, expect, it } from "vitest";
import { certificateDigest } from "../../src/protocol/objects/index.js";
import { ledgerProgramId } from "../../src/protocol/ledger-digest.js";
import type { ChainProgram, ChainReader, ChainReceipt, ChainTransaction, ChainWorker } from "../../src/verifier/chain-port.js";
import { CHAIN_CHECKS } from "../../src/verifier/types.js";
import { NOW } from "../enclave/harness/world.js";
import { pinned } from "../enclave/harness/worker.js";
import { failing, makeFixture, otherKeySha256, receiptWith, verify, type Fixture } from "./fixture.js";

let good: Fixture;
beforeAll(async () => void (good = await makeFixture()));

const honest = ({ statement: s, anchor, certificate }: Fixture): ChainReader => ({
  deployment: { chainId: s.chainId, receiptLedger: s.ledger },
  head: async () => ({ number: anchor.blockNumber + 3 }),
  transaction: async () => ({ succeeded: true, to: s.ledger, blockNumber: anchor.blockNumber, blockHash: anchor.blockHash, blockTime: anchor.blockTime, gasUsed: anchor.gasUsed }),
  receipt: async () => s.resultCommitment,
  receiptRecord: async () => ({
    resultCommitment: s.resultCommitment, programId: ledgerProgramId(s.program), worker: s.worker.ledgerAddress, registryRoot: s.registryRoot,
    asOfDay: s.asOfDay, sourceClass: s.sourceClass, proved: s.datasetProved, txHash: anchor.txHash, blockNumber: anchor.blockNumber,
  }),
  worker: async () => ({ evidenceDigest: certificateDigest(certificate), notAfter: NOW + 3600, anchor: "sim", revoked: false }),
  workerRegisteredAt: async () => certificate.appraisedAt + 5,
  program: async () => ({ keySha256: pinned.sha256, developmentParameters: true, retired: false }),
});

type Change = (chain: ChainReader) => Partial<ChainReader>;
const tx = (change: Partial<ChainTransaction>): Change => (chain) => ({ transaction: async (hash) => ({ ...(await chain.transaction(hash)) as ChainTransaction, ...change }) });
const record = (change: Partial<ChainReceipt>): Change => (chain) => ({ receiptRecord: async (job) => ({ ...(await chain.receiptRecord(job)) as ChainReceipt, ...change }) });
const program = (change: object): Change => (chain) => ({ program: async (p) => ({ ...(await chain.program(p)) as ChainProgram, ...change }) });
const worker = (change: object): Change => (chain) => ({ worker: async (a) => ({ ...(await chain.worker(a)) as ChainWorker, ...change }) });

const AFTER_CHAIN_ID = CHAIN_CHECKS.filter((name) => name !== "chain-id");
const cases: readonly (readonly [string, Change, readonly string[]])[] = [
  ["a node of another chain", (c) => ({ deployment: { ...c.deployment, chainId: 1 } }), ["chain-id", ...AFTER_CHAIN_ID]],
  ["another ledger", (c) => ({ deployment: { ...c.deployment, receiptLedger: "33".repeat(20) as never } }), ["chain-id", ...AFTER_CHAIN_ID]],
  ["a transaction that no block holds", () => ({ transaction: async () => undefined }), ["transaction"]],
  ["a reverted transaction", tx({ succeeded: false }), ["transaction"]],
  ["a transaction to another contract", tx({ to: "33".repeat(20) as never }), ["transaction"]],
  ["another block", tx({ blockNumber: 13 }), ["transaction"]],
  ["another block hash", tx({ blockHash: "0c".repeat(32) }), ["transaction"]],
  ["another block time", tx({ blockTime: NOW }), ["transaction"]],
  ["other gas", tx({ gasUsed: 1 }), ["transaction"]],
  ["no receipt for the job", () => ({ receipt: async () => undefined }), ["recorded"]],
  ["another result for the job", () => ({ receipt: async () => 1n as never }), ["recorded"]],
  ["another program recorded", record({ programId: new Uint8Array(32) }), ["recorded"]],
  ["another worker recorded", record({ worker: "33".repeat(20) as never }), ["recorded"]],
  ["another as-of day recorded", record({ asOfDay: 1 }), ["recorded"]],
  ["a root of unproved datasets called proved, or the other way round", record({ proved: true }), ["root"]],
  ["another source recorded", record({ sourceClass: 1 }), ["recorded"]],
  ["another transaction recorded", record({ txHash: "0c".repeat(32) }), ["recorded"]],
  ["another registry root recorded", record({ registryRoot: 1n as never }), ["root"]],
  ["a record that calls a simulated worker real", worker({ anchor: "amd" }), ["worker-registered"]],
  ["a worker whose registration was never announced", () => ({ workerRegisteredAt: async () => undefined }), ["worker-registered"]],
  ["an appraisal that was dated back by more than an hour", () => ({ workerRegisteredAt: async () => NOW + 3600 }), ["worker-registered"]],
  ["a worker that nobody registered", () => ({ worker: async () => undefined }), ["worker-registered"]],
  ["a worker with other evidence", worker({ evidenceDigest: new Uint8Array(32) }), ["worker-registered"]],
  ["a registration that had ended", worker({ notAfter: NOW - 1 }), ["worker-registered"]],
  ["a program that the ledger does not know", () => ({ program: async () => undefined }), ["program-key"]],
  ["a ledger that verifies under another key", program({ keySha256: otherKeySha256 }), ["program-key"]],
  ["a ledger that calls the key a production one", program({ developmentParameters: false }), ["program-key"]],
  ["a node that breaks down", () => ({ receipt: async () => { throw new Error("socket"); } }), ["recorded"]],
];

describe("an honest ledger", () => {
  it("passes every check", async () => {
    const report = await verify(receiptWith(good), { chain: honest(good) });
    expect(failing(report)).toEqual([]);
    expect(report.chainChecked).toBe(true);
    expect(report.checks.slice(-CHAIN_CHECKS.length).map((c) => c.name)).toEqual([...CHAIN_CHECKS]);
  });

  it("shows how many blocks are above the receipt's, and refuses fewer than are asked for", async () => {
    const chain = honest(good);
    expect((await verify(receiptWith(good), { chain })).checks.find((c) => c.name === "transaction")?.detail).toMatch(/, 3 blocks above it$/);
    expect(failing(await verify(receiptWith(good), { chain, confirmations: 3 }))).toEqual([]);
    expect(failing(await verify(receiptWith(good), { chain, confirmations: 4 }))).toEqual(["confirmations"]);
  });

  it("shows a later revocation and retirement without undoing what was accepted", async () => {
    const chain = honest(good);
    const report = await verify(receiptWith(good), { chain: { ...chain, ...worker({ revoked: true })(chain), ...program({ retired: true })(chain) } });
    expect(failing(report)).toEqual([]);
    expect(report.checks.map((c) => c.detail).join()).toMatch(/REVOKED since.*RETIRED since/s);
  });
});

describe("the ledger says otherwise:", () => {
  it.each(cases)("%s", async (_what, change, names) => {
    const chain = honest(good);
    expect(failing(await verify(receiptWith(good), { chain: { ...chain, ...change(chain) } }))).toEqual(names);
  });
});
