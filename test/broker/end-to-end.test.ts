import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBroker } from "../../src/broker/run-broker.js";
import { readReleaseLog } from "../../src/broker/release-log/log.js";
import { join } from "node:path";
import { makeDeal, MEASUREMENT, type Deal } from "../harness/deal.js";

describe("key release, end to end", () => {
  let deal: Deal;
  const stop = new AbortController();
  const running: Promise<void>[] = [];

  beforeAll(async () => {
    deal = await makeDeal();
    running.push(runBroker({ api: deal.enterpriseApi, broker: deal.data.broker, signal: stop.signal }));
    running.push(runBroker({ api: deal.platformApi, broker: deal.models.broker, signal: stop.signal }));
  });
  afterAll(async () => {
    stop.abort();
    await Promise.all(running);
    await deal?.close();
  });

  it("gives an attested worker the data key and the model key of one job", async () => {
    const { worker, enterprise, platform, job, dataset, model, enterpriseApi } = deal;
    const data = await worker.fetchKey(enterpriseApi, { job: job.id, holder: enterprise.signing.publicKey, subject: dataset.manifest.id });
    expect(data).toEqual(dataset.dataKey);
    const modelKey = await worker.fetchKey(enterpriseApi, { job: job.id, holder: platform.signing.publicKey, subject: model.manifest.id });
    expect(modelKey).toEqual(model.modelKey);
  });

  it("seals to an X-Wing key as well", async () => {
    const { worker, platform, job, model, platformApi } = deal;
    const needed = { job: job.id, holder: platform.signing.publicKey, subject: model.manifest.id };
    expect(await worker.fetchKey(platformApi, needed, { suite: 2 })).toEqual(model.modelKey);
  });

  it("has written each release, with measurement and anchor, to the holder's own log", async () => {
    const { folder, enterprise, job, grant, worker } = deal;
    const { entries } = await readReleaseLog(join(folder, `log-${enterprise.signing.publicKey.slice(0, 8)}`), enterprise.signing.publicKey);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      seq: 1, outcome: "released", job: job.id, policy: grant.id, worker: worker.signing.publicKey,
      evidence: { measurement: MEASUREMENT, anchor: "sim", simulated: true },
    });
  });

  it("refuses a worker of another measurement through the same coordinator", async () => {
    const { worker, enterprise, job, dataset, enterpriseApi } = deal;
    const needed = { job: job.id, holder: enterprise.signing.publicKey, subject: dataset.manifest.id };
    await expect(worker.fetchKey(enterpriseApi, needed, { measurement: "cd".repeat(48) as typeof MEASUREMENT }))
      .rejects.toMatchObject({ code: "evidence_measurement" });
  });
});
