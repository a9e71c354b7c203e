import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPlatformResult, type PlatformOpening } from "../../src/platform/open-result.js";
import { openModel, prepareModel } from "../../src/platform/model.js";
import { field } from "../../src/protocol/field.js";
import type { JobId } from "../../src/protocol/ids.js";
import type { PlatformResult, ReceiptStatement } from "../../src/protocol/objects/index.js";
import { makeDeal, type Deal } from "../harness/deal.js";
import { commitTo, honestResult, resignedByStranger, sealForEnterprise, sealForPlatform, signStatement, statementOf, type HonestResult } from "../harness/result-double.js";

let deal: Deal;
let honest: HonestResult;
beforeAll(async () => {
  deal = await makeDeal({ seed: "platform" });
  honest = await honestResult(deal);
});
afterAll(() => deal.close());

async function opening(result: PlatformResult = honest.platform, statement: ReceiptStatement = honest.statement): Promise<PlatformOpening> {
  const { model, platform, input: { program }, job, dataset } = deal;
  return {
    sealed: await sealForPlatform(deal, result), statement: signStatement(deal, statement), job, dataset: dataset.manifest, program,
    model: await openModel(platform, program, model.manifest.value, model.modelKey, model.ciphertext),
  };
}
const open = async (change: Partial<PlatformOpening> = {}): Promise<PlatformResult> => openPlatformResult(deal.platform, { ...(await opening()), ...change });

/** A lie that is told consistently: the receipt commits to it. Only the proof can stop what this leaves standing. */
async function openLie(lie: Partial<PlatformResult>): Promise<PlatformResult> {
  const told = { ...honest.platform, ...lie };
  const bound = { ...told, resultCommitment: commitTo(told).result };
  return openPlatformResult(deal.platform, await opening(bound, statementOf(deal, bound)));
}
const mismatch = (name: string) => ({ code: "commitment_mismatch", facts: { field: name } });

describe("openPlatformResult", () => {
  it("opens an honest result", async () => {
    expect(await open()).toEqual(honest.platform);
  });

  it("refuses a score that was edited", async () => {
    await expect(openLie({ score: honest.platform.score + 1 })).rejects.toMatchObject(mismatch("score"));
  });

  it("refuses points and score edited together", async () => {
    const features = honest.platform.features.map((f, j) => (j === 0 ? { ...f, points: f.points + 5 } : f));
    await expect(openLie({ features, score: honest.platform.score + 5 })).rejects.toMatchObject(mismatch("points"));
  });

  it("refuses another grade, another name for the grade, other reasons, other order of reasons", async () => {
    const { gradeIndex, reasons } = honest.platform;
    await expect(openLie({ gradeIndex: (gradeIndex + 1) % 4 })).rejects.toMatchObject(mismatch("grade"));
    await expect(openLie({ grade: "AAA" })).rejects.toMatchObject(mismatch("grade"));
    expect(reasons.length).toBeGreaterThan(1);
    await expect(openLie({ reasons: reasons.slice(1) })).rejects.toMatchObject(mismatch("reasons"));
    await expect(openLie({ reasons: reasons.toReversed() })).rejects.toMatchObject(mismatch("reasons"));
  });

  it("refuses features that are missing, renamed or above their cap", async () => {
    const { features } = honest.platform;
    await expect(openLie({ features: features.slice(1) })).rejects.toMatchObject(mismatch("features"));
    await expect(openLie({ features: features.map((f, j) => (j === 2 ? { ...f, name: "luck" } : f)) })).rejects.toMatchObject(mismatch("features"));
    await expect(openLie({ features: features.map((f, j) => (j === 1 ? { ...f, value: 100_000 } : f)) })).rejects.toMatchObject(mismatch("features"));
  });

  it("refuses another leaf than the dataset's that was asked for", async () => {
    await expect(openLie({ leaf: field(12345) })).rejects.toMatchObject(mismatch("leaf"));
  });

  it("refuses another model than the platform's own", async () => {
    await expect(openLie({ modelCommitment: field(12345) })).rejects.toMatchObject(mismatch("modelCommitment"));
  });

  it("refuses another dataset's manifest than the job names", async () => {
    const other = await makeDeal({ seed: "other dataset" });
    await expect(open({ dataset: other.dataset.manifest })).rejects.toMatchObject(mismatch("dataset"));
    await other.close();
  });

  it("refuses a result that its receipt does not commit to, in any part", async () => {
    const lies: Partial<PlatformResult>[] = [{ termsAmount: 7n }, { gradeSalt: new Uint8Array(31) }, { detailSalt: new Uint8Array(31) }, { resultCommitment: field(3) }];
    for (const lie of lies) {
      await expect(openPlatformResult(deal.platform, await opening({ ...honest.platform, ...lie }))).rejects.toMatchObject(mismatch("resultCommitment"));
    }
    await expect(openPlatformResult(deal.platform, await opening({ ...honest.platform, asOfDay: 1 }))).rejects.toMatchObject(mismatch("asOfDay"));
  });

  it("refuses a receipt of another job, program or source class", async () => {
    const other = await deal.newJob();
    const receipts: [Partial<ReceiptStatement>, string][] = [
      [{ jobBinding: field(5) }, "jobBinding"], [{ program: "retail-account/1" }, "program"], [{ sourceClass: 1 }, "sourceClass"],
    ];
    for (const [change, name] of receipts) {
      await expect(openPlatformResult(deal.platform, await opening(honest.platform, { ...honest.statement, ...change }))).rejects.toMatchObject(mismatch(name));
    }
    await expect(open({ job: other })).rejects.toMatchObject(mismatch("job"));
    await expect(openLie({ job: other.id as JobId })).rejects.toMatchObject(mismatch("job"));
  });

  it("refuses a result signed by another worker than the receipt, and a receipt whose signature does not verify", async () => {
    const { sealed, statement } = await opening();
    await expect(open({ sealed: resignedByStranger(sealed) })).rejects.toMatchObject({ code: "signature_invalid" });
    const payload = Uint8Array.from(statement.payload);
    payload[40] = (payload[40] as number) ^ 1;
    await expect(open({ statement: { ...statement, payload } })).rejects.toMatchObject({ code: "signature_invalid" });
  });

  it("refuses the enterprise's part, and one sealed to another key", async () => {
    await expect(open({ sealed: await sealForEnterprise(deal, honest.enterprise) })).rejects.toMatchObject(mismatch("recipient"));
    const stranger = await makeDeal({ seed: "stranger" });
    const impostor = { ...stranger.platform, signing: deal.platform.signing };
    await expect(openPlatformResult(impostor, await opening())).rejects.toMatchObject({ code: "open_failed" });
    await stranger.close();
  });
});

describe("openModel", () => {
  it("refuses a ciphertext that was tampered with at its start, middle, tag and length", async () => {
    const { platform, input: { program }, model } = deal;
    const last = model.ciphertext.length - 1;
    for (const at of [0, 1, last >> 1, last - 15, last]) {
      const bad = Uint8Array.from(model.ciphertext);
      bad[at] = (bad[at] as number) ^ 1;
      await expect(openModel(platform, program, model.manifest.value, model.modelKey, bad)).rejects.toMatchObject({ code: "open_failed" });
    }
    for (const bad of [model.ciphertext.slice(0, -1), new Uint8Array(0), Uint8Array.of(...model.ciphertext, 0)]) {
      await expect(openModel(platform, program, model.manifest.value, model.modelKey, bad)).rejects.toMatchObject({ code: "open_failed" });
    }
  });

  it("refuses another model under its manifest", async () => {
    const { platform, input: { program }, model, ports } = deal;
    const other = await prepareModel(platform, program, { ...program.defaultModel, base: 242 }, ports);
    const manifest = { ...other.manifest.value, modelCommitment: model.manifest.value.modelCommitment };
    await expect(openModel(platform, program, manifest, other.modelKey, other.ciphertext)).rejects.toMatchObject(mismatch("modelCommitment"));
  });
});
