import { VeriteeError } from "../../src/protocol/errors.js";
import { idFromBytes, type JobId } from "../../src/protocol/ids.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";
import { failureOf, type Step } from "./failure.js";
import { underLease, type HeldLease } from "./lease.js";
import { PhaseClock } from "./phases.js";
import type { WorkerKeys, WorkerPorts } from "./ports.js";
import { runJob } from "./run-job.js";
import { Secrets } from "./wipe.js";

/** Takes jobs one at a time until told to stop or the keys' time is over; the job at hand is finished first. */
export async function workUntil(stop: AbortSignal, ports: WorkerPorts, keys: WorkerKeys, keysEndAt: number): Promise<void> {
  while (!stop.aborted && ports.clock() < keysEndAt) {
    const lease = await nextLease(stop, ports);
    if (lease !== undefined) await work(ports, keys, lease);
  }
}

async function nextLease(stop: AbortSignal, { api, limits, log }: WorkerPorts): Promise<Lease | undefined> {
  try {
    return await api.lease(limits.leaseWaitSeconds, stop);
  } catch (error) {
    if (stop.aborted) return undefined;
    log("warn", "no answer to a request for work", { code: codeOf(error) });
    await pause(limits.pollPauseMs, stop);
    return undefined;
  }
}

/** Runs one leased job and reports how it ended. Never throws: the next job must not suffer from this one. */
export async function work(ports: WorkerPorts, keys: WorkerKeys, lease: Lease): Promise<void> {
  const held = holdLease(lease);
  if (held === undefined) return ports.log("warn", "a lease without a job id", {});
  const { api, log } = ports;
  const secrets = new Secrets();
  const phases = new PhaseClock(() => performance.now());
  let step: Step = "check job";
  log("info", "job started", { job: held.job, attempt: lease.attempt });
  try {
    await underLease(ports, held, phases, async (guard) => {
      const session = { ports, keys, guard, phases, secrets };
      const completion = await runJob(session, lease, (next) => void (step = next));
      await guard.checkpoint();
      step = "hand in";
      await api.complete(held.job, held.token, completion);
    });
    log("info", "job finished", { job: held.job, ...phases.timings() });
  } catch (error) {
    log("warn", "job failed", { job: held.job, step, code: codeOf(error) });
    await report(ports, held, error, step);
  } finally {
    secrets.wipeAll();
  }
}

function holdLease(lease: Lease): HeldLease | undefined {
  if (lease.jobId.length !== 32) return undefined;
  const lifetimeMs = 1000 * Math.max(1, Number(lease.expiresAt - lease.now));
  return { job: idFromBytes<JobId>(lease.jobId, 32, "job_id"), token: lease.leaseToken, lifetimeMs };
}

/**
 * A lost lease is nobody's to report on, nor is a completion that may have arrived. A report that does not get through is
 * made up for by the lease's end.
 */
async function report({ api, log }: WorkerPorts, { job, token }: HeldLease, error: unknown, step: Step): Promise<void> {
  const refused = error instanceof VeriteeError && error.status < 500;
  if (codeOf(error) === "lease_lost" || (step === "hand in" && !refused)) return;
  try {
    await api.fail(job, token, failureOf(error, step));
  } catch (unsent) {
    log("warn", "failure not reported", { job, code: codeOf(unsent) });
  }
}

const codeOf = (error: unknown): string => (error instanceof VeriteeError ? error.code : "internal");

const pause = (milliseconds: number, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    }
    stop.addEventListener("abort", done);
  });
