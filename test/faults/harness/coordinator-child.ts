// One coordinator in a process of its own, to be killed, starved or lied to: settings as JSON on standard input, one line of
// JSON on standard output when it serves, or the code that it refused to start with.
import { readFileSync } from "node:fs";
import { startCoordinator } from "../../../src/coordinator/start.js";
import { trustingAppraiser, trustingProofCheck } from "../../coordinator/harness/service.js";
import { remoteChain } from "./remote-chain.js";

// A test that was ended itself cannot end this.
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(1); }, 1000).unref();

const { chainPort, logs, ...settings } = JSON.parse(readFileSync(0, "utf8")) as { chainPort: number; logs: boolean; stateDir: string };
try {
  const coordinator = await startCoordinator(settings, {
    chain: await remoteChain(chainPort), appraiseWorker: trustingAppraiser, findBadProofs: trustingProofCheck,
    log: { write: (line) => { if (logs) process.stderr.write(line); } },
  });
  process.stdout.write(`${JSON.stringify({ url: coordinator.url, pid: process.pid })}\n`);
  process.once("SIGTERM", () => void coordinator.close());
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: (error as { code?: string }).code ?? String(error) })}\n`);
  process.exitCode = 1;
}
