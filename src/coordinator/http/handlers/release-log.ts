import { z } from "zod";
import { toBase64 } from "../../../protocol/bytes.js";
import { ensure } from "../../../protocol/errors.js";
import { releaseHead } from "../../../protocol/owner-statement.js";
import { findHeads, findKeyClaims, hasKeyRequests, keepHead } from "../../store/release-heads.js";
import { json } from "../answer.js";
import { envelopeBody, noBody } from "../body.js";
import { route } from "../route.js";
import { envelopeList, headKept, keyClaims } from "../views.js";

// docs/broker.md. What a holder's log is compared with: all of it is signed by the holder or by workers, none of it by this service.

export const releaseLogRoutes = [
  route({
    method: "post", path: "/v1/release-heads", name: "putReleaseHead", summary: "Keep a signed head of the caller's release log",
    access: "signed", body: envelopeBody, answer: json(headKept, 201),
    handle: async (ctx, { caller, body }) => {
      const head = releaseHead.open(body.envelope);
      ensure(head.owner === caller, "signature_invalid", "the object is signed by another key than the request", { signer: head.owner });
      ensure(await hasKeyRequests(ctx.db, caller), "not_found", "not found");
      const kept = await keepHead(ctx.db, { holder: caller, line: BigInt(head.seq), hash: head.hash, envelope: body.received });
      ensure(kept, "conflict", "there is another head of this line, signed by the caller", { line: head.seq });
      return { line: head.seq };
    },
  }),
  route({
    method: "get", path: "/v1/release-heads", name: "releaseHeads", summary: "Heads of the caller's release log: the newest, or those from a line on",
    access: "signed", query: z.strictObject({ from: z.string().regex(/^\d{1,15}$/, "expected a line").optional() }), body: noBody, answer: json(envelopeList),
    handle: async (ctx, { caller, query }) =>
      ({ envelopes: (await findHeads(ctx.db, caller, query.from === undefined ? undefined : BigInt(query.from))).map(toBase64) }),
  }),
  route({
    method: "get", path: "/v1/key-claims", name: "keyClaims", summary: "Key requests to the caller and its replies, by id",
    access: "signed", query: z.strictObject({ after: z.string().regex(/^[0-9a-f]{1,64}$/, "expected an id, or its beginning").optional() }), body: noBody, answer: json(keyClaims),
    handle: async (ctx, { caller, query }) => {
      const rows = await findKeyClaims(ctx.db, caller, query.after ?? "");
      return { claims: rows.map(({ id, request, reply }) => ({ id, request: toBase64(request), ...(reply === null ? {} : { reply: toBase64(reply) }) })) };
    },
  }),
];
