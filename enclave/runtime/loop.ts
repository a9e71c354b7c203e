import { VeriteeError } from "../../src/protocol/errors.js";
import { idFromBytes, type JobId } from "../../src/protocol/ids.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";
import { failureOf, type Step } from "./failure.js";
import { underLease, type HeldLease } from "./lease.js";
import { PhaseClock } from "./phases.js";
import type { WorkerKeys, WorkerPorts } from "./ports.js";
import { KeptPlan, proveStatement } from "./prove-statement.js";
import { runJob } from "./run-job.js";
import type { Session } from "./session.js";
import { Secrets } from "./wipe.js";

/** Takes jobs and statements to prove, one at a time, until told to stop or the keys' time is over; the job at hand is finished first. */
export async function workUntil(stop: AbortSignal, ports: WorkerPorts, keys: WorkerKeys, keysEndAt: number): Promise<void> {
  const kept = new KeptPlan();
  try {
    while (!stop.aborted && ports.clock() < keysEndAt) {
      const lease = await nextLease(stop, ports);
      // A plan is kept while statements of its request follow one another, and no poll longer.
      kept.keepFor(lease);
      if (lease !== undefined) await work(ports, keys, lease, kept);
    }
  } finally {
    kept.drop();
  }
}

async function nextLease(stop: AbortSignal, { api, limits, log, provesDatasets }: WorkerPorts): Promise<Lease | undefined> {
  try {
    return await api.lease(limits.leaseWaitSeconds, stop, provesDatasets);
  } catch (error) {
    if (stop.aborted) return undefined;
    log("warn", "no answer to a request for work", { code: codeOf(error) });
    await pause(limits.pollPauseMs, stop);
    return undefined;
  }
}

/** Runs one leased job, or proves one leased statement, and reports how it ended. Never throws: the next job must not suffer from this one. */
export async function work(ports: WorkerPorts, keys: WorkerKeys, lease: Lease, kept = new KeptPlan()): Promise<void> {
  const held = holdLease(lease);
  if (held === undefined) return ports.log("warn", "a lease without a job id", {});
  const { log } = ports;
  const secrets = new Secrets();
  const phases = new PhaseClock(() => performance.now());
  let step: Step = "check job";
  log("info", "job started", { job: held.job, attempt: lease.attempt });
  try {
    await underLease(ports, held, phases, async (guard) => {
      const session = { ports, keys, guard, phases, secrets };
      const handIn = await carryOut(session, lease, held, kept, (next) => void (step = next));
      await guard.checkpoint();
      step = "hand in";
      await handIn();
    });
    log("info", "job finished", { job: held.job, ...phases.timings() });
  } catch (error) {
    log("warn", "job failed", { job: held.job, step, code: codeOf(error) });
    await report(ports, held, error, step);
  } finally {
    secrets.wipeAll();
  }
}

/** The work itself. Resolves to what is left to do: handing its outcome in. */
async function carryOut(session: Session, lease: Lease, { job, token }: HeldLease, kept: KeptPlan, onStep: (step: Step) => void): Promise<() => Promise<void>> {
  const { api } = session.ports;
  if (lease.proofRequest !== undefined) {
    const proof = await proveStatement(session, lease, kept, onStep);
    return () => api.completeProof(job, token, proof);
  }
  const completion = await runJob(session, lease, onStep);
  return () => api.complete(job, token, completion);
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
