import { beforeAll, describe, expect, it } from "vitest";
import { RESULT_INFO, resultAad } from "../../src/protocol/aad.js";
import { resultCommitment } from "../../src/protocol/commitments.js";
import { hpkeOpen } from "../../src/protocol/hpke.js";
import { enterpriseResult, platformResult, receiptStatement, sealedResult } from "../../src/protocol/objects/index.js";
import { aggregate } from "../../src/programs/program.js";
import { score } from "../../src/programs/score.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { merklePath, runWorker, type RunOutcome } from "./harness/worker.js";
import { AS_OF_DAY, invoices, makeWorld, type World } from "./harness/world.js";

let world: World;
let outcome: RunOutcome;

beforeAll(async () => {
  world = await makeWorld();
  outcome = await runWorker(world);
});

const open = async (recipient: "platform" | "enterprise", run = outcome, of = world) => {
  const envelope = run.completion?.results[recipient === "platform" ? 0 : 1];
  if (envelope === undefined) throw new Error(`no result: ${JSON.stringify(run.failure)} ${run.log.join("; ")}`);
  const { value, signer } = sealedResult.open(envelope);
  const key = recipient === "platform" ? of.platformResultKey : of.enterpriseResultKey;
  return { value, signer, plaintext: await hpkeOpen(key, RESULT_INFO, resultAad(of.job.id, of[recipient].publicKey), value.box) };
};

describe("an honest job", () => {
  it("gives the platform the engine's score, features and reasons", async () => {
    const { plaintext } = await open("platform");
    const terms = { asOfDay: AS_OF_DAY, termsAmount: 0 };
    const features = smeInvoice.features(aggregate(smeInvoice, invoices(530), terms), terms);
    const expected = score(smeInvoice.defaultModel, features);
    const result = platformResult.decode(plaintext);
    expect(result).toMatchObject({ score: expected.score, grade: expected.grade, gradeIndex: expected.gradeIndex, reasons: expected.reasons });
    expect(result.features).toEqual(features.map((f, j) => ({ name: f.name, value: Number(f.value), points: expected.points[j] })));
  });

  it("gives the enterprise its grade and no score under the rule 'grade', with an opening of K", async () => {
    const result = enterpriseResult.decode((await open("enterprise")).plaintext);
    expect(result.detail).toBeUndefined();
    expect(result.reasons.length).toBeGreaterThan(0);
    const statement = receiptStatement.open(outcome.completion?.receipt as never).value;
    expect(result.resultCommitment).toBe(statement.resultCommitment);
    expect(resultCommitment(0n as never, result.detailCommitment)).not.toBe(statement.resultCommitment);
  });

  it("gives the enterprise score and points under the rule 'full'", async () => {
    const full = await makeWorld({ job: { releaseRule: "full" } });
    const run = await runWorker(full);
    const mine = enterpriseResult.decode((await open("enterprise", run, full)).plaintext);
    const theirs = platformResult.decode((await open("platform", run, full)).plaintext);
    expect(mine.detail).toEqual({ score: theirs.score, features: theirs.features });
  });

  it("seals each result to its reader alone and signs it as the worker of the receipt", async () => {
    const { value, signer } = await open("platform");
    expect(signer).toBe(outcome.keys.identity.signingKey);
    expect(value.recipient).toBe(world.platform.publicKey);
    const aad = resultAad(world.job.id, world.platform.publicKey);
    await expect(hpkeOpen(world.enterpriseResultKey, RESULT_INFO, aad, value.box)).rejects.toMatchObject({ code: "open_failed" });
  });

  it("labels the receipt by its collector and its key, and names no party", () => {
    const { value, envelope } = receiptStatement.open(outcome.completion?.receipt as never);
    expect(value).toMatchObject({ simulated: true, developmentParameters: true, program: smeInvoice.id, asOfDay: AS_OF_DAY });
    const hex = Buffer.from(envelope.payload).toString("hex");
    for (const id of [world.enterprise.publicKey, world.platform.publicKey, world.dataset.id, world.model.id, world.job.id, world.grant.id]) {
      expect(hex).not.toContain(id);
    }
  });

  it("computes for a job that wants a proved dataset only when the leaf's path is one", async () => {
    const wanting = await makeWorld({ job: { requireProvedDataset: true } });
    expect((await runWorker(wanting)).failure?.code).toBe("dataset_unproved");
    const proved = await runWorker(wanting, { api: { merkleProof: async (leaf) => ({ ...merklePath(leaf), proved: true }) } });
    expect(receiptStatement.open(proved.completion?.receipt as never).value.datasetProved).toBe(true);
  });

  it("asks the platform before the enterprise, so that a refused model spends no use of the grant", () => {
    expect(outcome.requests.map((r) => r.holder)).toEqual([world.platform.publicKey, world.enterprise.publicKey]);
  });

  it("reports progress and times every phase", () => {
    expect(outcome.phases).toEqual(expect.arrayContaining(["keys", "compute", "prove", "seal"]));
    const timings: unknown = JSON.parse(Buffer.from(outcome.completion?.timingsJson ?? []).toString());
    expect(Object.keys(timings as object)).toEqual(["fetch", "keys", "compute", "prove", "seal"]);
  });

  it("wipes salts and key material when it ends", () => {
    // Drawn by the job: two key-request nonces (public), two one-job seeds, two result salts.
    const secret = outcome.drawn.filter((bytes) => bytes.length !== 32);
    expect(secret.map((bytes) => bytes.length).sort()).toEqual([31, 31, 64, 64]);
    for (const bytes of secret) expect(bytes.every((b) => b === 0)).toBe(true);
  });
});
