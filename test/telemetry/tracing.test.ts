import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createServer } from "node:net";
import type { JobSpan } from "../../src/telemetry/span.js";
import { NO_SPANS } from "../../src/telemetry/span.js";
import { openTracing } from "../../src/telemetry/tracing.js";
import { attributesOf, startCollector, type Collector } from "./collector.js";

const JOB = "a1".repeat(16) + "b2".repeat(8) + "c3".repeat(8);
const whole: JobSpan = { name: "job", job: JOB, start: 1_000, end: 5_000, attributes: { attempt: 2, state: "failed", program: "sme-invoice/1" }, error: "lease_lost" };

let collector: Collector;
beforeEach(async () => { collector = await startCollector(); });
afterEach(() => collector.close());
const open = (role: "coordinator" | "broker" | "worker") => openTracing({ endpoint: `${collector.url}/`, role, version: "1.2.3" });

describe("a job is one trace, whoever adds to it", () => {
  it("joins the spans of three roles under one root, without a header between them", async () => {
    const [coordinator, broker, worker] = [await open("coordinator"), await open("broker"), await open("worker")];
    broker.record({ name: "broker.decide", job: JOB, start: 2_000, end: 2_100, attributes: { outcome: "released" } });
    worker.record({ name: "worker.prove", job: JOB, start: 2_200, end: 4_000 });
    coordinator.record(whole);
    await Promise.all([coordinator.close(), broker.close(), worker.close()]);

    const root = collector.spans.find((s) => s.name === "job");
    expect(root).toMatchObject({ traceId: JOB.slice(0, 32), spanId: JOB.slice(32, 48), startTimeUnixNano: "1000000000", endTimeUnixNano: "5000000000" });
    expect(root?.parentSpanId ?? "").toBe("");
    const others = collector.spans.filter((s) => s.name !== "job");
    expect(others.map((s) => [s.name, s.traceId, s.parentSpanId]).sort()).toEqual([
      ["broker.decide", JOB.slice(0, 32), JOB.slice(32, 48)], ["worker.prove", JOB.slice(0, 32), JOB.slice(32, 48)],
    ]);
    expect(new Set(collector.spans.map((s) => s.spanId)).size).toBe(3);
    expect([...collector.services].sort()).toEqual(["veritee-broker", "veritee-coordinator", "veritee-worker"]);
  });

  it("says how it ended, by code", async () => {
    const sink = await open("coordinator");
    sink.record(whole);
    await sink.close();
    expect(collector.spans[0]?.status).toEqual({ code: 2, message: "lease_lost" });
    expect(attributesOf(collector.spans[0] as never)).toEqual({
      "veritee.attempt": 2, "veritee.state": "failed", "veritee.program": "sme-invoice/1", "veritee.job": JOB, "veritee.error": "lease_lost",
    });
  });
});

describe("a span holds nothing but what is on the list", () => {
  it("drops attributes that the type system did not see", async () => {
    const sink = await open("worker");
    sink.record({ name: "worker.keys", job: JOB, start: 1, end: 2, attributes: { attempt: 1, dataKey: "CANARY", owner: "CANARY" } as never });
    await sink.close();
    expect(collector.spans).toHaveLength(1);
    expect(collector.text()).not.toContain("CANARY");
  });
});

describe("a collector costs spans, never a job", () => {
  it("that is away is given up after a few seconds", async () => {
    const sink = await openTracing({ endpoint: "http://127.0.0.1:9", role: "worker", version: "1" });
    sink.record(whole);
    await sink.close();
  }, 20_000);

  it("that answers nothing is given up too", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => mute.once("listening", resolve));
    const { port } = mute.address() as { port: number };
    const sink = await openTracing({ endpoint: `http://127.0.0.1:${port}`, role: "worker", version: "1" });
    for (let i = 0; i < 5_000; i++) sink.record({ ...whole, start: i, end: i });
    const began = performance.now();
    await sink.close();
    expect(performance.now() - began).toBeLessThan(15_000);
    mute.close();
  }, 30_000);

  it("is none unless it is named, and a wrong name is said at once", async () => {
    expect(await openTracing({ endpoint: undefined, role: "broker", version: "1" })).toBe(NO_SPANS);
    for (const endpoint of ["collector:4318", "ftp://collector", "http://user:secret@collector"]) {
      await expect(openTracing({ endpoint, role: "broker", version: "1" })).rejects.toMatchObject({ code: "config_invalid" });
    }
  });
});
