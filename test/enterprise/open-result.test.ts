import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEnterpriseResult, type EnterpriseOpening } from "../../src/enterprise/open-result.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { field } from "../../src/protocol/field.js";
import type { EnterpriseResult, ReceiptStatement } from "../../src/protocol/objects/index.js";
import { makeDeal, type Deal } from "../harness/deal.js";
import { honestResult, resignedByStranger, sealForEnterprise, sealForPlatform, signStatement, type HonestResult } from "../harness/result-double.js";

let deal: Deal;
let honest: HonestResult;
beforeAll(async () => {
  deal = await makeDeal({ seed: "enterprise result" });
  honest = await honestResult(deal);
});
afterAll(() => deal.close());

const opening = async (result: EnterpriseResult = honest.enterprise, statement: ReceiptStatement = honest.statement): Promise<EnterpriseOpening> => ({
  sealed: await sealForEnterprise(deal, result), statement: signStatement(deal, statement),
  job: deal.job.id, dataset: deal.dataset.manifest.value, grant: deal.grant.value,
});
const told = async (lie: Partial<EnterpriseResult>): Promise<EnterpriseResult> =>
  openEnterpriseResult(deal.enterprise, await opening({ ...honest.enterprise, ...lie }));
const mismatch = (name: string) => ({ code: "commitment_mismatch", facts: { field: name } });

describe("openEnterpriseResult", () => {
  it("opens an honest result and shows no score", async () => {
    const result = await openEnterpriseResult(deal.enterprise, await opening());
    expect(result).toEqual(honest.enterprise);
    expect(result.detail).toBeUndefined();
  });

  it("refuses every committed part that was edited: grade, terms, detail, salt, K, leaf, day, job", async () => {
    await expect(told({ gradeIndex: (honest.enterprise.gradeIndex + 1) % 4 })).rejects.toMatchObject(mismatch("resultCommitment"));
    await expect(told({ termsAmount: 1n })).rejects.toMatchObject(mismatch("resultCommitment"));
    await expect(told({ detailCommitment: field(1) })).rejects.toMatchObject(mismatch("resultCommitment"));
    await expect(told({ gradeSalt: new Uint8Array(31) })).rejects.toMatchObject(mismatch("resultCommitment"));
    await expect(told({ resultCommitment: field(1) })).rejects.toMatchObject(mismatch("resultCommitment"));
    await expect(told({ leaf: field(1) })).rejects.toMatchObject(mismatch("leaf"));
    await expect(told({ asOfDay: 1 })).rejects.toMatchObject(mismatch("asOfDay"));
    await expect(told({ job: (await deal.newJob()).id })).rejects.toMatchObject(mismatch("job"));
  });

  it("refuses a receipt of another job, program or source class", async () => {
    const changes: [Partial<ReceiptStatement>, string][] = [[{ jobBinding: field(5) }, "jobBinding"], [{ program: "x/1" }, "program"], [{ sourceClass: 2 }, "sourceClass"]];
    for (const [change, name] of changes) {
      await expect(openEnterpriseResult(deal.enterprise, await opening(honest.enterprise, { ...honest.statement, ...change }))).rejects.toMatchObject(mismatch(name));
    }
  });

  it("refuses a result by another worker, for another recipient, or sealed to another key", async () => {
    const good = await opening();
    await expect(openEnterpriseResult(deal.enterprise, { ...good, sealed: resignedByStranger(good.sealed) })).rejects.toMatchObject({ code: "signature_invalid" });
    await expect(openEnterpriseResult(deal.enterprise, { ...good, sealed: await sealForPlatform(deal, honest.platform) })).rejects.toMatchObject(mismatch("recipient"));
    const impostor = { ...enterpriseFromSeed(new Uint8Array(32)), signing: deal.enterprise.signing };
    await expect(openEnterpriseResult(impostor, good)).rejects.toMatchObject({ code: "open_failed" });
  });
});
