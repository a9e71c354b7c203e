// Run by hostile-load.test.ts in a process of its own: a coordinator whose event loop is watched. Settings come on standard input,
// then a line for every reading that is wanted.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { startCoordinator } from "../../../src/coordinator/start.js";
import { FakeChain } from "./fake-chain.js";
import { trustingAppraiser, trustingProofCheck } from "./service.js";

const RESOLUTION_MS = 10;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
let failed = 0;
let cpu = process.cpuUsage();
const log = { write: (line: string): void => { if (line.includes('"request_failed"') || line.includes('"loop_failed"')) failed++; } };

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "reset") {
    delay.reset();
    cpu = process.cpuUsage();
  }
  else if (line === "read") {
    // A timer of this resolution is late by at least itself.
    const ms = (q: number): number => Math.max(0, delay.percentile(q) / 1e6 - RESOLUTION_MS);
    const { user, system } = process.cpuUsage(cpu);
    say({ cpuSeconds: (user + system) / 1e6, lagP99: ms(99), lagMax: ms(100), residentMiB: process.memoryUsage().rss / 2 ** 20, failed });
  } else {
    const coordinator = await startCoordinator(JSON.parse(line) as never, { chain: new FakeChain(), appraiseWorker: trustingAppraiser, findBadProofs: trustingProofCheck, log });
    delay.enable();
    say({ url: coordinator.url });
  }
}
