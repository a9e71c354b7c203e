// Run by restart.test.ts in a process of its own, to be killed: STATE_DIR and PORT in the environment.
import { setInterval } from "node:timers";
import { readFileSync } from "node:fs";
import { startCoordinator } from "../../../src/coordinator/start.js";
import { FakeChain } from "./fake-chain.js";
import { trustingAppraiser, trustingProofCheck } from "./service.js";

const { stateDir, port, database } = JSON.parse(readFileSync(0, "utf8")) as { stateDir: string; port: number; database: never };
try {
  const { url } = await startCoordinator({ stateDir, port, database, leaseSeconds: 2, developmentParameters: true }, { chain: new FakeChain(), appraiseWorker: trustingAppraiser, findBadProofs: trustingProofCheck, log: { write: () => undefined } });
  process.stdout.write(`${JSON.stringify({ url })}\n`);
  setInterval(() => undefined, 1000);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: (error as { code?: string }).code })}\n`);
}
