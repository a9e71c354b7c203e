import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import { equalBytes } from "../../../protocol/bytes.js";
import { envelopeFromBytes } from "../../../protocol/dsse.js";
import { ensure } from "../../../protocol/errors.js";
import type { KeyRequestId, PartyKey } from "../../../protocol/ids.js";
import { keyChallenge, keyEvidence, keyReply, keyRequest, type KeyRequest } from "../../../protocol/objects/index.js";
import { BrokerInboxSchema, KeyRequestStateSchema } from "../../../protocol/wire/veritee_pb.js";
import type { Context } from "../../context.js";
import { findJob } from "../../store/jobs.js";
import { holdsTask } from "../../queue/proof-tasks.js";
import { findProofRequest } from "../../store/proof-requests.js";
import { findKeyRequest, insertKeyRequest, openKeyRequests, setChallenge, setEvidence, setReply } from "../../store/key-requests.js";
import { transact } from "../../store/transact.js";
import { ensureOpenKeyRequests } from "../../store/usage.js";
import { json, message } from "../answer.js";
import { envelopeBody, noBody } from "../body.js";
import { route } from "../route.js";
import { hex, waitQuery } from "../validate.js";
import { stored } from "../views.js";
import { ensureOwn } from "./own.js";

// docs/protocol.md 10. This service carries messages between worker and broker; both check each other end to end.

export const keyReleaseRoutes = [
  route({
    method: "post", path: "/v1/key-requests", name: "putKeyRequest", summary: "Ask the holder of a key for it, for a job that the caller holds",
    access: "worker", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, keyRequest.open(body.envelope));
      await ensureNeeded(ctx, caller, signed.value);
      await transact(ctx.db, async (trx) => {
        if ((await findKeyRequest(trx, signed.id)) === undefined) await ensureOpenKeyRequests(trx, ctx.quotas, caller);
        await insertKeyRequest(trx, { id: signed.id, job: signed.value.job, holder: signed.value.holder, worker: caller, request: body.received });
      });
      ctx.bells.ring(`inbox:${signed.value.holder}`);
      return { id: signed.id };
    },
  }),
  route({
    method: "post", path: "/v1/key-evidence", name: "putKeyEvidence", summary: "Answer a broker's challenge",
    access: "worker", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, keyEvidence.open(body.envelope));
      const request = await findKeyRequest(ctx.db, signed.value.request);
      ensure(request?.worker === caller, "not_found", "not found");
      ensure(request.challenge_id === signed.value.challenge, "challenge_unknown", "the request has another challenge");
      await setEvidence(ctx.db, signed.value.request, body.received);
      await ensureKept(ctx, signed.value.request, "evidence", body.received);
      ctx.bells.ring(`inbox:${request.holder as PartyKey}`);
      return { id: signed.id };
    },
  }),
  route({
    method: "get", path: "/v1/key-requests/{id}", name: "keyRequest", summary: "Wait for the challenge (seen 0) or the reply (seen 1) to an own request",
    access: "key_requester", params: z.object({ id: hex(32) }), query: waitQuery.extend({ seen: z.enum(["0", "1"]) }).strict(),
    body: noBody, answer: message(KeyRequestStateSchema),
    handle: async (ctx, call) => {
      const look = () => findKeyRequest(ctx.db, call.params.id);
      const enough = await ctx.bells.ask(`key-request:${call.params.id}`, Number(call.query.wait) * 1000, call.signal, async () => {
        const row = await look();
        return row?.reply != null || (call.query.seen === "0" && row?.challenge != null) ? row : undefined;
      });
      const row = enough ?? await look();
      return create(KeyRequestStateSchema, {
        ...(row?.challenge == null ? {} : { challenge: envelopeFromBytes(row.challenge) }),
        ...(row?.reply == null ? {} : { reply: envelopeFromBytes(row.reply) }),
      });
    },
  }),
  route({
    method: "get", path: "/v1/inbox", name: "brokerInbox", summary: "Wait for key requests to the caller that want a challenge or a reply",
    access: "signed", query: waitQuery.strict(), body: noBody, answer: message(BrokerInboxSchema),
    handle: async (ctx, { caller, query, signal }) => {
      const rows = await ctx.bells.ask(`inbox:${caller}`, Number(query.wait) * 1000, signal, async () => {
        const open = await openKeyRequests(ctx.db, caller);
        return open.length > 0 ? open : undefined;
      });
      const items = (rows ?? []).map((row) => ({
        request: envelopeFromBytes(row.request), job: envelopeFromBytes(row.job),
        ...(row.evidence === null ? {} : { evidence: envelopeFromBytes(row.evidence) }),
      }));
      return create(BrokerInboxSchema, { items });
    },
  }),
  route({
    method: "post", path: "/v1/key-challenges", name: "putChallenge", summary: "Challenge the worker behind a key request to the caller",
    access: "signed", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, keyChallenge.open(body.envelope));
      await ensureHolder(ctx, caller, signed.value.request);
      await setChallenge(ctx.db, signed.value.request, signed.id, body.received);
      await ensureKept(ctx, signed.value.request, "challenge", body.received);
      ctx.bells.ring(`key-request:${signed.value.request}`);
      return { id: signed.id };
    },
  }),
  route({
    method: "post", path: "/v1/key-replies", name: "putReply", summary: "Release or refuse a key to the worker behind a key request to the caller",
    access: "signed", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, keyReply.open(body.envelope));
      await ensureHolder(ctx, caller, signed.value.request);
      await setReply(ctx.db, signed.value.request, body.received);
      await ensureKept(ctx, signed.value.request, "reply", body.received);
      ctx.bells.ring(`key-request:${signed.value.request}`);
      return { id: signed.id };
    },
  }),
];

/** Only for work whose lease the caller holds, and only a key that it needs. @throws not_found */
async function ensureNeeded(ctx: Context, caller: PartyKey, request: KeyRequest): Promise<void> {
  const proof = await findProofRequest(ctx.db, request.job);
  if (proof !== undefined) {
    const needed = request.holder === proof.owner && request.subject === proof.dataset && await holdsTask(ctx.db, proof.id, caller);
    return ensure(needed, "not_found", "not found");
  }
  const job = await findJob(ctx.db, request.job);
  const held = job !== undefined && job.state === "running" && job.lease_worker === caller;
  const needed = held && ((request.holder === job.owner && request.subject === job.dataset) || (request.holder === job.platform && request.subject === job.model));
  ensure(needed, "not_found", "not found");
}

async function ensureHolder(ctx: Context, caller: PartyKey, id: KeyRequestId): Promise<void> {
  ensure((await findKeyRequest(ctx.db, id))?.holder === caller, "not_found", "not found");
}

/** The first message of its kind stays; a second one that differs is refused. @throws conflict */
async function ensureKept(ctx: Context, id: KeyRequestId, part: "challenge" | "evidence" | "reply", received: Uint8Array): Promise<void> {
  const kept = (await findKeyRequest(ctx.db, id))?.[part];
  ensure(kept != null && equalBytes(kept, received), "conflict", `the request has another ${part}`);
}
