import type { Bytes } from "../protocol/bytes.js";
import { jobBinding } from "../protocol/commitments.js";
import { envelopeToBytes, type Envelope } from "../protocol/dsse.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { idBytes, type JobId, type PartyKey } from "../protocol/ids.js";
import { receiptStatement, sealedResult } from "../protocol/objects/index.js";
import type { Completion } from "../protocol/wire/veritee_pb.js";
import type { Context } from "./context.js";
import { complete } from "./queue/complete.js";
import type { LeaseClaim } from "./queue/report.js";
import { findJob } from "./store/jobs.js";
import type { JobRow } from "./store/schema.js";
import { findWorker } from "./store/workers.js";

const MAX_TIMINGS = 32;

/**
 * Takes a worker's receipt and sealed results. What is checked here would be refused by the ledger or the opener anyway; it
 * keeps a mix-up from ending the job.
 * @throws lease_lost, receipt_invalid, parameters_insecure, envelope_invalid, signature_invalid
 */
export async function acceptCompletion(ctx: Context, lease: LeaseClaim, completion: Completion): Promise<void> {
  const [job, worker] = [await findJob(ctx.db, lease.job), await findWorker(ctx.db, lease.worker as PartyKey)];
  if (job === undefined || worker === undefined) throw new VeriteeError("lease_lost", "this worker does not hold the job's lease");
  const receipt = checkStatement(ctx, job, lease.worker, completion.receipt);
  const sealed = completion.results.map((envelope) => checkResult(job, lease.worker, envelope));
  ensure(new Set(sealed.map((r) => r.recipient)).size === sealed.length && sealed.length <= 2, "receipt_invalid", "one result for each party");
  await complete(ctx.db, lease, { receipt, certificate: worker.certificate, sealed, timings: readTimings(completion.timingsJson) });
  ctx.bells.ring("outbox", `job:${job.id}`);
}

function checkStatement(ctx: Context, job: JobRow, worker: string, envelope: Envelope | undefined): Bytes {
  ensure(envelope !== undefined, "receipt_invalid", "the receipt is missing", { field: "receipt" });
  const { value, signer } = receiptStatement.open(envelope);
  const { chainId, receiptLedger } = ctx.chain.deployment;
  ensure(signer === worker, "receipt_invalid", "the receipt is another worker's", { field: "worker" });
  ensure(value.jobBinding === jobBinding(idBytes(job.id as JobId)), "receipt_invalid", "the receipt is for another job", { field: "job_binding" });
  ensure(ctx.developmentParameters || !value.developmentParameters, "parameters_insecure", "the proof is under development parameters, which this coordinator does not take",
    { field: "development_parameters" });
  ensure(value.program === job.program, "receipt_invalid", "the receipt is for another program", { field: "program" });
  ensure(value.chainId === chainId && value.ledger === receiptLedger, "receipt_invalid", "the receipt is for another ledger", { field: "ledger" });
  return envelopeToBytes(envelope);
}

function checkResult(job: JobRow, worker: string, envelope: Envelope): { recipient: string; envelope: Bytes } {
  const { value, signer } = sealedResult.open(envelope);
  ensure(signer === worker && value.job === job.id, "receipt_invalid", "a result is another worker's or job's", { field: "results" });
  ensure([job.platform, job.owner].includes(value.recipient), "receipt_invalid", "a result is for a stranger", { field: "results" });
  return { recipient: value.recipient, envelope: envelopeToBytes(envelope) };
}

/** Keeps short names and plain numbers: a worker's free text has no place in the store. */
function readTimings(json: Bytes): string {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(json));
    const entries = Object.entries(value ?? {}).filter(([name, ms]) => /^[a-z_]{1,24}$/.test(name) && typeof ms === "number" && Number.isFinite(ms));
    return JSON.stringify(Object.fromEntries(entries.slice(0, MAX_TIMINGS)));
  } catch {
    return "{}";
  }
}
