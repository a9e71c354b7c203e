import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyFile } from "../../src/cli/roles/verifier.js";
import { openSender } from "../../src/chain/sender.js";
import { receiptStatement } from "../../src/protocol/objects/index.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { folderSource } from "../../src/enterprise/import/files.js";
import { openDataFolder, readDatasets } from "../../src/programs/import/data-folder.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { edgeDataset } from "./datasets.js";
import { golden, hasShared, sharedData } from "../programs/shared.js";
import { startWorld, type Scored, type World } from "./world.js";

describe("a score from sealed invoices to a checked receipt, every role apart", () => {
  let world: World;
  let scored: Scored;
  let file: string;
  let folder: string;

  beforeAll(async () => {
    world = await startWorld(smeInvoice);
    scored = await world.score(smeInvoice, await edgeDataset(smeInvoice));
    folder = await mkdtemp(join(tmpdir(), "veritee-flow-"));
    file = join(folder, "receipt.json");
    await writeFile(file, JSON.stringify(scored.receipt));
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("verifies offline and against the ledger, and says that it is simulated", async () => {
    const offline = await verifyFile({ file, allowDevelopment: true });
    expect(offline.checks.filter((c) => !c.ok)).toEqual([]);
    expect(offline).toMatchObject({ ok: true, simulated: true, developmentParameters: true });
    const { rpcUrl, deployment } = world.ledger;
    expect(await verifyFile({ file, rpcUrl, deployment, allowDevelopment: true })).toMatchObject({ ok: true, chainChecked: true });
    expect(await verifyFile({ file, rpcUrl, allowDevelopment: true })).toMatchObject({ ok: true, chainChecked: true });
  });

  it("is refused in production, because the enclave was simulated and the parameters are for development", async () => {
    const report = await verifyFile({ file, production: true, allowDevelopment: true });
    expect(report.ok).toBe(false);
    expect(report.checks.filter((c) => !c.ok).map((c) => c.name)).toEqual(expect.arrayContaining(["worker-evidence", "hardware", "production-parameters"]));
  });

  it("is refused unless development parameters are allowed, and the refusal names them and the switch", async () => {
    const refused = (await verifyFile({ file })).checks.filter((c) => !c.ok);
    expect(refused.map((c) => c.name)).toEqual(["production-parameters"]);
    expect(refused[0]?.detail).toMatch(/--allow-development.*development-INSECURE/);
  });

  it("cannot be recorded a second time for the same job", async () => {
    const { rpcUrl, deployment, registrarKey: privateKey } = world.ledger;
    const sender = await openSender({ rpcUrl, deployment, privateKey });
    const statement = receiptStatement.open(receiptFromJson(scored.receipt).statement).value;
    await expect(sender.submitReceipt(statement)).rejects.toMatchObject({ code: "chain_refused" });
  });

  it("is refused when the coordinator swaps any part of the file", async () => {
    const json = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    const anchor = json["anchor"] as Record<string, unknown>;
    const changes: Record<string, unknown>[] = [
      { labels: { simulated: false, developmentParameters: true } },
      { labels: { simulated: true, developmentParameters: false } },
      { anchor: { ...anchor, chainId: 1 } },
      { anchor: { ...anchor, ledger: "00".repeat(20) } },
      { format: "veritee-receipt/2" },
    ];
    for (const change of changes) {
      const swapped = join(folder, "swapped.json");
      await writeFile(swapped, JSON.stringify({ ...json, ...change }));
      expect((await verifyFile({ file: swapped, allowDevelopment: true })).ok, JSON.stringify(change)).toBe(false);
    }
  });

  it.skipIf(!hasShared("cumcm"))("gives the golden score and features of a real enterprise", async () => {
    const [imported] = await readDatasets(await openDataFolder(folderSource(sharedData("cumcm"))), ["E115"]);
    const { result } = await world.score(smeInvoice, imported as NonNullable<typeof imported>);
    const row = golden("cumcm").find((r) => r.applicant === "E115");
    expect({ score: result.score, grade: result.grade }).toEqual({ score: row?.score, grade: row?.grade });
    expect(Object.fromEntries(result.features.map((f) => [f.name, f.value]))).toEqual(row?.features);
  });
});

describe("a score from a sealed bank account", () => {
  it("verifies, with terms that the platform is shown", async () => {
    const world = await startWorld(retailAccount);
    try {
      const imported = await edgeDataset(retailAccount);
      const { receipt, result } = await world.score(retailAccount, imported);
      expect(Number(result.termsAmount)).toBe(imported.terms.termsAmount);
      const folder = await mkdtemp(join(tmpdir(), "veritee-flow-"));
      await writeFile(join(folder, "r.json"), JSON.stringify(receipt));
      expect(await verifyFile({ file: join(folder, "r.json"), allowDevelopment: true })).toMatchObject({ ok: true });
      await rm(folder, { recursive: true, force: true });
    } finally {
      await world.stop();
    }
  });
});
