import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { openReader } from "../../src/chain/reader.js";
import { openSender } from "../../src/chain/sender.js";
import { random } from "../../src/cli/roles/system.js";
import { fieldToBytes, R, type Field } from "../../src/protocol/field.js";
import { signingKey } from "../../src/protocol/dsse.js";
import { ledgerAddress, ledgerKeyFromRandom, receiptDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import { receiptStatement, type ReceiptStatement, type WorkerIdentity } from "../../src/protocol/objects/index.js";
import { receiptFromJson, receiptToJson } from "../../src/protocol/receipt-file.js";
import { reportData } from "../../src/protocol/report-data.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";
import { verifyReceipt } from "../../src/verifier/verify-receipt.js";
import { edgeDataset } from "./datasets.js";
import { startWorld, type Scored, type World } from "./world.js";

// Promise 2: a worker whose TEE is broken has keys that are attested and registered, and signs whatever it likes. The proof
// must stop it, off chain and on chain alike.

describe("a worker with full control of its attested keys", () => {
  let world: World;
  let scored: Scored;
  let folder: string;
  const seed = random(32);
  const ledgerKey = ledgerKeyFromRandom(random(48));
  const worker: WorkerIdentity = { signingKey: signingKey(seed).publicKey, ledgerAddress: ledgerAddress(ledgerKey) };
  const nonce = random(32);

  beforeAll(async () => {
    world = await startWorld(smeInvoice);
    scored = await world.score(smeInvoice, await edgeDataset(smeInvoice));
    folder = await mkdtemp(join(tmpdir(), "veritee-liar-"));
    const { rpcUrl, deployment, registrarKey: privateKey } = world.ledger;
    // Its keys are as good as an honest worker's: genuine (simulated) evidence, registered on the ledger.
    await (await openSender({ rpcUrl, deployment, privateKey })).registerWorker(worker.ledgerAddress, random(32), 4_000_000_000, "sim");
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The honest statement with some parts replaced, signed by the liar everywhere. */
  function lie(change: Partial<ReceiptStatement>): ReceiptStatement {
    const honest = receiptStatement.open(receiptFromJson(scored.receipt).statement).value;
    const value = { ...honest, ...change, worker };
    const place = { chainId: value.chainId, contract: value.ledger };
    return { ...value, ledgerSignature: signLedger(receiptDigest(place, value.program, value), ledgerKey) };
  }

  async function offChain(statement: ReceiptStatement): Promise<readonly string[]> {
    const honest = receiptFromJson(scored.receipt);
    const appraisedAt = honest.anchor.blockTime;
    const evidence = SimulatedTee.fromSeed().quote(world.measurement, reportData({ nonce, worker, release: undefined }), appraisedAt);
    const json = receiptToJson(
      { statement: receiptStatement.sign(statement, signingKey(seed)).envelope, certificate: { worker, evidence, nonce, appraisedAt }, anchor: honest.anchor },
      { simulated: statement.simulated, developmentParameters: statement.developmentParameters },
    );
    await writeFile(join(folder, "lie.json"), JSON.stringify(json));
    const report = await verifyReceipt(json, { anchors: SIMULATION_ANCHORS, allowDevelopmentParameters: true });
    return report.checks.filter((c) => !c.ok).map((c) => c.name);
  }

  async function onChain(statement: ReceiptStatement): Promise<string | undefined> {
    const { rpcUrl, deployment } = world.ledger;
    return (await openReader(rpcUrl, deployment)).refusal(statement);
  }

  const bump = (value: Field): Field => ((value + 1n) % R) as Field;

  it("passes every check with an honest statement but for the job being taken, so that a refusal below is the lie's", async () => {
    const statement = lie({});
    expect(await offChain(statement)).toEqual([]);
    expect(await onChain(statement)).toBe("JobHasReceipt");
  });

  it("cannot have a result commitment of its own accepted", async () => {
    const honest = receiptStatement.open(receiptFromJson(scored.receipt).statement).value;
    const statement = lie({ resultCommitment: bump(honest.resultCommitment), jobBinding: bump(honest.jobBinding) });
    expect(await offChain(statement)).toEqual(["proof"]);
    expect(await onChain(statement)).toBe("ProofInvalid");
  });

  it("cannot carry an honest proof over to another job, date or source", async () => {
    const honest = receiptStatement.open(receiptFromJson(scored.receipt).statement).value;
    const jobBinding = bump(honest.jobBinding);
    for (const change of [{ jobBinding }, { jobBinding, asOfDay: honest.asOfDay - 1 }]) {
      const statement = lie(change);
      expect(await offChain(statement)).toEqual(["proof"]);
      expect(await onChain(statement)).toBe("ProofInvalid");
    }
    // A source behind a dataset that nobody proved is refused before the proof is looked at.
    const sourced = lie({ jobBinding, sourceClass: 2 });
    expect(await offChain(sourced)).toEqual(["proof", "dataset"]);
    expect(await onChain(sourced)).toBe("SourceUnproved");
  });

  it("cannot prove against a root of its own", async () => {
    const honest = receiptStatement.open(receiptFromJson(scored.receipt).statement).value;
    const statement = lie({ registryRoot: bump(honest.registryRoot), jobBinding: bump(honest.jobBinding) });
    expect(await offChain(statement)).toEqual(["proof"]);
    expect(await onChain(statement)).toBe("RootUnknown");
  });

  it("cannot make up a proof", async () => {
    const honest = receiptStatement.open(receiptFromJson(scored.receipt).statement).value;
    const zero = new Uint8Array(32);
    const proofs = [
      { a: [zero, zero], b: [zero, zero, zero, zero], c: [zero, zero] },
      { ...honest.proof, a: honest.proof.c, c: honest.proof.a },
      { ...honest.proof, c: [fieldToBytes(1n as Field), fieldToBytes(2n as Field)] },
    ];
    for (const proof of proofs) {
      const statement = lie({ proof, jobBinding: bump(honest.jobBinding) });
      expect(await offChain(statement)).toContain("proof");
      expect(await onChain(statement)).toMatch(/Proof|Point/);
    }
  });

  it("cannot call a simulated receipt real, nor development parameters production ones", async () => {
    expect(await offChain(lie({ simulated: false }))).toEqual(["labels"]);
    expect(await offChain(lie({ developmentParameters: false }))).toEqual(["labels"]);
  });
});
