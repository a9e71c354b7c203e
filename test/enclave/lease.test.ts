import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { underLease } from "../../enclave/runtime/lease.js";
import { PhaseClock } from "../../enclave/runtime/phases.js";
import type { WorkerPorts } from "../../enclave/runtime/ports.js";
import type { JobId } from "../../src/protocol/ids.js";

// Promise: a worker that is alive keeps its job, however short the coordinator's leases are.

const JOB = "ab".repeat(32) as JobId;

describe("a lease", () => {
  it("that lapses before a worker's own beat is renewed thrice in its life", async () => {
    let beats = 0;
    const ports = { api: { heartbeat: async () => void beats++ }, limits: { heartbeatMs: 10_000 } } as unknown as WorkerPorts;
    const held = { job: JOB, token: Uint8Array.of(1), lifetimeMs: 300 };
    await underLease(ports, held, new PhaseClock(() => performance.now()), async (guard) => {
      await sleep(1_500);
      await guard.checkpoint();
    });
    expect(beats).toBeGreaterThan(5);
  });
});
