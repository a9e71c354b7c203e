import { describe, expect, it } from "vitest";
import { Gate } from "../../../src/coordinator/guard/gate.js";
import { LagMeter } from "../../../src/coordinator/guard/lag.js";

const gateWith = (change: { lagMs?: number; stopping?: AbortSignal } = {}) => {
  const lag = { ms: change.lagMs ?? 0 };
  const gate = new Gate({
    quotas: { requestsPerSecond: 1, burst: 3, openRequests: 2 }, load: { maxPending: 2, maxWaiting: 1, maxLagMs: 100 },
    lag, stopping: change.stopping ?? new AbortController().signal, now: () => 0,
  });
  return { gate, lag };
};
const overloaded = expect.objectContaining({ code: "service_unavailable", facts: { retryAfter: 1 } });

describe("the gate", () => {
  it("takes on so many requests at one time, each kind apart, and one more when one has ended", () => {
    const { gate } = gateWith();
    const [leave] = [gate.enter("work"), gate.enter("work")];
    expect(() => gate.enter("work")).toThrow(overloaded);
    gate.enter("waiting");
    expect(() => gate.enter("waiting")).toThrow(overloaded);
    leave?.();
    leave?.(); // ending twice frees one place only
    gate.enter("work");
    expect(() => gate.enter("work")).toThrow(overloaded);
    expect(gate.pending).toEqual({ probe: 0, work: 2, waiting: 1 });
  });

  it("refuses work when the event loop is late, and never a probe", () => {
    const { gate, lag } = gateWith({ lagMs: 101 });
    expect(() => gate.enter("work")).toThrow(overloaded);
    expect(() => gate.enter("waiting")).toThrow(overloaded);
    gate.enter("probe")();
    lag.ms = 100;
    gate.enter("work")();
  });

  it("lets nobody wait for news of a service that is stopping, but ends what is short", () => {
    const { gate } = gateWith({ stopping: AbortSignal.abort() });
    expect(() => gate.enter("waiting")).toThrow(overloaded);
    gate.enter("work")();
  });

  it("bounds what one caller does, at one time and over time, and nobody else", () => {
    const { gate } = gateWith();
    const leave = gate.admit("a");
    gate.admit("a");
    expect(() => gate.admit("a")).toThrow(expect.objectContaining({ code: "quota_exceeded", facts: { quota: "openRequests", limit: 2, retryAfter: 1 } }));
    leave();
    expect(() => gate.admit("a")).toThrow(expect.objectContaining({ code: "quota_exceeded", facts: { quota: "requestsPerSecond", limit: 1, retryAfter: 1 } }));
    gate.admit("b");
  });
});

describe("the lag meter", () => {
  it("takes one long stall for no overload, a lasting one for one", () => {
    const lag = new LagMeter();
    lag.add(60_000);
    expect(lag.ms).toBeLessThan(250);
    for (let i = 0; i < 30; i++) lag.add(1500);
    expect(lag.ms).toBeGreaterThan(1000);
    for (let i = 0; i < 50; i++) lag.add(0);
    expect(lag.ms).toBeLessThan(20);
  });

  it("notices a loop that is blocked", async () => {
    const stop = new AbortController();
    const lag = new LagMeter();
    lag.start(stop.signal);
    const end = performance.now() + 400;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 150));
    stop.abort();
    expect(lag.ms).toBeGreaterThan(10);
  });
});
