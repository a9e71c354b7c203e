import { randomBytes } from "node:crypto";
import { z } from "zod";
import { toBase64, toHex } from "../../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { certificateDigest, certificateFromBytes, certificateToBytes, MAX_COLLATERAL_BYTES, MAX_EVIDENCE_BYTES } from "../../../protocol/objects/index.js";
import { findWorker, insertWorkerChallenge, lookAtChallenge, putWorker } from "../../store/workers.js";
import { json } from "../answer.js";
import { bytesOf, noBody } from "../body.js";
import { route } from "../route.js";
import { waitQuery } from "../validate.js";
import { workerView } from "../views.js";

const MAX_CERTIFICATE_BYTES = MAX_EVIDENCE_BYTES + MAX_COLLATERAL_BYTES + 1024;

export const workerRoutes = [
  route({
    method: "post", path: "/v1/worker-challenges", name: "workerChallenge", summary: "A fresh nonce for a worker's registration",
    access: "signed", body: noBody, answer: json(z.object({ nonce: z.string() }), 201),
    handle: async (ctx, { caller }) => {
      const nonce = Uint8Array.from(randomBytes(32));
      await insertWorkerChallenge(ctx.db, caller, toHex(nonce));
      return { nonce: toBase64(nonce) };
    },
  }),
  route({
    method: "post", path: "/v1/workers", name: "registerWorker", summary: "Have a worker's evidence appraised and its account put on the ledger",
    access: "signed", body: bytesOf("WorkerCertificate", MAX_CERTIFICATE_BYTES), answer: json(workerView, 202),
    handle: async (ctx, { caller, body }) => {
      const sent = certificateFromBytes(body);
      ensure(sent.worker.signingKey === caller, "signature_invalid", "the certificate is for another key than the request's");
      const nonce = toHex(sent.nonce);
      // Used up only together with what it leads to: a crash in between must not leave a worker with neither. Looked at before the
      // worker, so that whoever finds it used up finds the worker too: the first try may still be under way.
      const challenge = await lookAtChallenge(ctx.db, caller, nonce);
      const known = await findWorker(ctx.db, caller);
      // The same certificate again: the first answer was lost, and the nonce is used up.
      if (known?.nonce === nonce) return { state: known.state, ...(known.reason === null ? {} : { reason: known.reason }) };
      ensure(challenge !== "unknown", "challenge_unknown", "the nonce is not from here, or was used");
      ensure(challenge !== "expired", "challenge_expired", "the nonce is too old");
      // Nobody signs the time of appraisal: it is ours, and a receipt's verifier judges the evidence as of then.
      const certificate = { ...sent, evidence: await ctx.completeEvidence(sent.evidence), appraisedAt: ctx.now() };
      const claims = await ctx.appraiseWorker(certificate);
      await putWorker(ctx.db, {
        signing_key: caller, ledger_address: sent.worker.ledgerAddress, nonce, certificate: certificateToBytes(certificate),
        measurement: claims.measurement, anchor: claims.anchor, simulated: claims.simulated, not_after: BigInt(ctx.now() + ctx.workerSeconds),
      }, toHex(certificateDigest(certificate)));
      ctx.bells.ring("outbox");
      return { state: "pending" as const };
    },
  }),
  route({
    method: "get", path: "/v1/workers/me", name: "worker", summary: "Wait until the caller's registration is on the ledger or refused",
    access: "signed", query: waitQuery.strict(), body: noBody, answer: json(workerView),
    handle: async (ctx, { caller, query, signal }) => {
      const settled = await ctx.bells.ask(`worker:${caller}`, Number(query.wait) * 1000, signal, async () => {
        const worker = await findWorker(ctx.db, caller);
        if (worker === undefined) throw new VeriteeError("not_found", "not found");
        return worker.state === "pending" ? undefined : worker;
      });
      return { state: settled?.state ?? ("pending" as const), ...(settled?.reason == null ? {} : { reason: settled.reason }) };
    },
  }),
];
