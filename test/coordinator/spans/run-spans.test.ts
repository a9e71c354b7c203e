import { describe, expect, it } from "vitest";
import { lifeSpans, type LifeStep } from "../../../src/coordinator/spans/life-spans.js";
import { tellEnded } from "../../../src/coordinator/spans/run-spans.js";
import { openStore } from "../../../src/coordinator/store/open.js";
import type { JobSpan, SpanSink } from "../../../src/telemetry/span.js";
import { describeOnEngines } from "../harness/engines.js";
import { completionOf, prepareCase, registerWorker, submit, until } from "../harness/parties.js";
import { startService } from "../harness/service.js";

const at = (ms: number): Date => new Date(1_800_000_000_000 + ms);
const step = (from: LifeStep["from"], to: LifeStep["to"], ms: number, more: Partial<LifeStep> = {}): LifeStep => ({ from, to, attempt: 1, detail: null, at: at(ms), ...more });
const life = (...steps: LifeStep[]) => lifeSpans({ job: "ab".repeat(32), program: "sme-invoice/1", createdAt: at(0), steps });

describe("a job's trace as spans", () => {
  it("is one a stay in a state, without gaps, and one over all", () => {
    const spans = life(
      step("queued", "running", 10), step("running", "running", 15), step("running", "queued", 20, { detail: "lease_lost" }),
      step("queued", "running", 30, { attempt: 2 }), step("running", "anchoring", 40, { attempt: 2 }), step("anchoring", "done", 70, { attempt: 2 }),
    );
    expect(spans.map((s) => [s.name, s.start - at(0).getTime(), s.end - at(0).getTime(), s.error])).toEqual([
      ["job", 0, 70, undefined], ["job.queued", 0, 10, undefined], ["job.running", 10, 20, "lease_lost"], ["job.queued", 20, 30, undefined],
      ["job.running", 30, 40, undefined], ["job.anchoring", 40, 70, undefined],
    ]);
  });

  it("is nothing before the job has ended", () => {
    expect(life()).toEqual([]);
    expect(life(step("queued", "running", 10), step("running", "anchoring", 20))).toEqual([]);
  });
});

describeOnEngines("telling of ended jobs", (freshDatabase) => {
  it("tells of each once, whoever looks, and of none that goes on", async () => {
    const service = await startService({ database: await freshDatabase(), batchAgeMs: 0 });
    const c = await prepareCase(service.url);
    const worker = await registerWorker(service.url);
    const ended = await submit(c);
    const lease = await worker.api.lease(5);
    if (lease === undefined) throw new Error("no lease");
    await worker.api.complete(ended, lease.leaseToken, completionOf(worker, lease, [c.platform, c.owner], service.chain));
    await until(async () => (await c.platform.api.job(ended)).state === "done");
    const waiting = await submit(c);
    await service.stop();

    const db = await openStore(service.stateDir, service.database);
    const told: JobSpan[] = [];
    const sink: SpanSink = { record: (span) => void told.push(span), close: () => Promise.resolve() };
    const counts = await Promise.all([tellEnded(db, sink), tellEnded(db, sink), tellEnded(db, sink)]);
    await db.destroy();
    expect(counts.sort()).toEqual([0, 0, 1]);
    expect(told.map((s) => s.name)).toEqual(["job", "job.queued", "job.running", "job.anchoring"]);
    expect(new Set(told.map((s) => s.job))).toEqual(new Set([ended]));
    expect(waiting).not.toBe(ended);
    await service.close();
  });
});
