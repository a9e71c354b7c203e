import { create } from "@bufbuild/protobuf";
import type { BrokerAnswer } from "../../src/broker/key-broker.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import type { JobId, KeyRequestId, ObjectId } from "../../src/protocol/ids.js";
import { keyReply, type JobRequest, type Signed } from "../../src/protocol/objects/index.js";
import { BrokerItemSchema } from "../../src/protocol/wire/veritee_pb.js";
import type { Deal } from "./deal.js";
import type { AnswerOptions, Needed, WorkerDouble } from "./worker-double.js";

export const neededData = (deal: Deal, job: Signed<JobRequest, JobId> = deal.job, subject: ObjectId = deal.dataset.manifest.id): Needed =>
  ({ job: job.id, holder: deal.enterprise.signing.publicKey, subject });

/** Hands one inbox item to the enterprise's broker, as a coordinator would. */
export const hand = (deal: Deal, request: Envelope, job: Envelope, evidence?: Envelope): Promise<BrokerAnswer> =>
  deal.data.broker.handle(create(BrokerItemSchema, { request, job, ...(evidence === undefined ? {} : { evidence }) }));

export interface Opened { readonly id: KeyRequestId; readonly request: Envelope; readonly challenge: Envelope; readonly needed: Needed }

/** A request that got its challenge. */
export async function challenged(deal: Deal, job = deal.job, worker: WorkerDouble = deal.worker): Promise<Opened> {
  const needed = neededData(deal, job);
  const request = worker.request(needed);
  const answer = await hand(deal, request.envelope, job.envelope);
  if (answer.kind !== "challenge") throw new Error(`no challenge but ${answer.kind}: ${outcome(answer)}`);
  return { id: request.id, request: request.envelope, challenge: answer.envelope, needed };
}

/** "released", or the refusal's code, or why nothing was answered. */
export function outcome(answer: BrokerAnswer): string {
  if (answer.kind !== "reply") return answer.kind === "challenge" ? "challenge" : `ignored: ${answer.reason}`;
  const reply = keyReply.open(answer.envelope).value;
  return reply.outcome.kind === "released" ? "released" : reply.outcome.code;
}

/** The outcome of a whole exchange. */
export async function attempt(deal: Deal, options: AnswerOptions = {}, job = deal.job, worker: WorkerDouble = deal.worker): Promise<string> {
  const request = worker.request(neededData(deal, job));
  const first = await hand(deal, request.envelope, job.envelope);
  if (first.kind !== "challenge") return outcome(first);
  const { envelope } = await worker.answer(first.envelope, neededData(deal, job), options);
  return outcome(await hand(deal, request.envelope, job.envelope, envelope));
}
