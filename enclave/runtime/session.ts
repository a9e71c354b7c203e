import type { LeaseGuard } from "./lease.js";
import type { PhaseClock } from "./phases.js";
import type { WorkerKeys, WorkerPorts } from "./ports.js";
import type { Secrets } from "./wipe.js";

/** What every step of one job works with. */
export interface Session {
  readonly ports: WorkerPorts;
  readonly keys: WorkerKeys;
  readonly guard: LeaseGuard;
  readonly phases: PhaseClock;
  readonly secrets: Secrets;
}
