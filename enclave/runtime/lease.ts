import { create } from "@bufbuild/protobuf";
import type { Bytes } from "../../src/protocol/bytes.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { JobId } from "../../src/protocol/ids.js";
import { ProgressSchema } from "../../src/protocol/wire/veritee_pb.js";
import type { PhaseClock } from "./phases.js";
import type { WorkerPorts } from "./ports.js";

/** A job's hold on its lease: long work asks it again and again whether to go on. */
export interface LeaseGuard {
  /** Lets timers and sockets run, then throws when the lease is lost. @throws lease_lost */
  checkpoint(): Promise<void>;
}

export interface HeldLease {
  readonly job: JobId;
  readonly token: Bytes;
  /** How long the lease lasts from a heartbeat on, in milliseconds. */
  readonly lifetimeMs: number;
}

/**
 * Runs work under a lease that is renewed every `heartbeatMs`, thrice in its life where that is more often, and when a phase begins. The lease
 * is lost when the coordinator says so, or when no heartbeat came through for its lifetime: another worker may have the job by then.
 * @throws lease_lost, or what the work throws
 */
export async function underLease<T>(
  ports: WorkerPorts, held: HeldLease, phases: PhaseClock, work: (guard: LeaseGuard) => Promise<T>,
): Promise<T> {
  let lost: VeriteeError | undefined;
  let renewedAt = performance.now();
  const lose = (why: string): void => {
    lost ??= new VeriteeError("lease_lost", why, { job: held.job });
  };

  const beat = async (): Promise<void> => {
    const sentAt = performance.now();
    const progress = create(ProgressSchema, { phase: phases.current, percent: phases.percent });
    try {
      await ports.api.heartbeat(held.job, held.token, progress);
      renewedAt = sentAt;
    } catch (error) {
      if (error instanceof VeriteeError && error.code === "lease_lost") lose("the coordinator gave the job away");
    }
  };

  phases.onEnter = () => void beat();
  const timer = setInterval(() => void beat(), Math.min(ports.limits.heartbeatMs, held.lifetimeMs / 3));
  const guard: LeaseGuard = {
    checkpoint: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() - renewedAt > held.lifetimeMs) lose("no heartbeat came through in time");
      if (lost !== undefined) throw lost;
    },
  };
  try {
    return await work(guard);
  } finally {
    clearInterval(timer);
    phases.onEnter = () => undefined;
  }
}
