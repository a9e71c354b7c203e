import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Route } from "../../../src/coordinator/http/route.js";
import { ROUTES } from "../../../src/coordinator/http/routes.js";
import { toHex } from "../../../src/protocol/bytes.js";
import { envelopeToBytes } from "../../../src/protocol/dsse.js";
import { fieldToBytes } from "../../../src/protocol/field.js";
import type { JobId, ObjectId } from "../../../src/protocol/ids.js";
import { grant, keyChallenge, keyReply, keyRequest, proofRequest, revocation } from "../../../src/protocol/objects/index.js";
import { ProgressSchema, type Lease } from "../../../src/protocol/wire/veritee_pb.js";
import { now, party, prepareCase, PROGRAM, random, registerWorker, submit, type Case, type Party, type WorkerParty } from "../harness/parties.js";
import { send, sendSigned, type RawRequest } from "../harness/raw.js";
import { startService, type Service } from "../harness/service.js";

/** `tenant` and `rival` are to another dataset and job what `owner` and `platform` are to this one; `revoked` is a worker that the ledger refused. */
type Role = "owner" | "tenant" | "platform" | "rival" | "holder" | "worker" | "revoked" | "stranger";
const ALL: readonly Role[] = ["owner", "tenant", "platform", "rival", "holder", "worker", "revoked", "stranger"];
let service: Service;
let c: Case;
let job: JobId;
let lease: Lease;
let requestId: string;
let proofId: string;
let other: Case;
let by: Record<Role, Party>;

beforeAll(async () => {
  // The lease lasts as long as the tests do.
  service = await startService({ leaseSeconds: 600, callbacks: { allow: ["hooks.example"] } });
  c = await prepareCase(service.url);
  job = await submit(c);
  const [holder, worker]: WorkerParty[] = [await registerWorker(service.url), await registerWorker(service.url)];
  lease = await holder?.api.lease(5) as Lease;
  const request = keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: (holder as WorkerParty).identity, nonce: random(32) }, (holder as WorkerParty).key);
  await (holder as WorkerParty).api.putKeyRequest(request.envelope);
  requestId = request.id;
  const proofs = proofRequest.sign({
    owner: c.owner.key.publicKey, dataset: c.dataset.id as never, program: PROGRAM, nonce: random(32), createdAt: now(), notAfter: now() + 600, statements: [0],
    allowedMeasurements: ["22".repeat(48) as never], allowedAnchors: ["sim"],
  }, c.owner.key);
  await c.owner.api.submitProofRequest(proofs.envelope);
  proofId = proofs.id;
  other = await prepareCase(service.url);
  await submit(other);
  by = {
    owner: c.owner, tenant: other.owner, platform: c.platform, rival: other.platform, holder: holder as Party, worker: worker as Party, revoked: await refusedWorker(), stranger: party(service.url),
  };
});
afterAll(() => service.close());

async function refusedWorker(): Promise<Party> {
  const refused = party(service.url);
  service.chain.faults.push("refused");
  const identity = { signingKey: refused.key.publicKey, ledgerAddress: toHex(random(20)) as never };
  const certificate = { worker: identity, evidence: { platform: "sim", evidence: random(100), collateral: new Uint8Array() }, nonce: await refused.api.workerChallenge(), appraisedAt: 0 } as const;
  await expect(refused.api.registerWorker(certificate)).rejects.toMatchObject({ code: "chain_refused" });
  return refused;
}

const as = (role: Role, request: RawRequest) => sendSigned(service.url, by[role].key, request);
const leafHex = (): string => toHex(fieldToBytes(c.dataset.leaf));
const UNKNOWN = "0f".repeat(32);

/** Roles whose access rule lets them through to a route, whatever comes of it; the rest must not learn that there is something. */
const MAY: Readonly<Record<string, readonly (Role | "nobody")[]>> = {
  health: ["nobody", ...ALL], ready: ["nobody", ...ALL], description: ["nobody", ...ALL],
  // Any key may; what it sends must be its own (below).
  deployment: ALL, putBlob: ALL, putDatasetManifest: ALL, putGrant: ALL, putRevocation: ALL, putModelManifest: ALL, submitJob: ALL,
  workerChallenge: ALL, registerWorker: ALL, worker: ALL, brokerInbox: ALL, putChallenge: ALL, putReply: ALL, putReleaseHead: ALL, releaseHeads: ALL, keyClaims: ALL,
  getBlob: ["owner", "holder"],
  registerLeaf: ["owner"], leaf: ["owner"], revokeLeaf: ["owner"],
  registerProvedLeaf: ["owner"], provedLeaf: ["owner"], revokeProvedLeaf: ["owner"],
  job: ["owner", "platform"], jobEvents: ["owner", "platform"], receipt: ["owner", "platform"], results: ["owner", "platform"],
  lease: ["holder", "worker"], heartbeat: ["holder", "worker"], complete: ["holder", "worker"], fail: ["holder", "worker"],
  merkleProof: ["holder", "worker"], putKeyRequest: ["holder", "worker"], putKeyEvidence: ["holder", "worker"],
  keyRequest: ["holder"],
  submitProofRequest: ALL, completeProof: ["holder", "worker"],
  proofRequest: ["owner"], proof: ["owner"],
  putCallback: ["platform"], callback: ["platform"],
};

/** Of the case at hand, by a path's parameters: what they name when everything is there. */
const named = (route: Route): Readonly<Record<string, string>> => {
  if (route.path.startsWith("/v1/blobs/")) return { id: c.dataset.blobs[0] as string };
  if (route.path.startsWith("/v1/key-requests/")) return { id: requestId };
  if (route.path.startsWith("/v1/proof-requests/")) return { id: proofId, statement: "0" };
  return { id: job, token: toHex(lease.leaseToken), leaf: leafHex(), statement: "0" };
};
const SHAPE: Readonly<Record<string, string>> = { id: UNKNOWN, token: "0f".repeat(16), leaf: UNKNOWN, statement: "0" };
/** Well-formed by the route table, with a body that no handler takes: what is asked is who gets as far as that. */
const requestOf = (route: Route, values: Readonly<Record<string, string>>): RawRequest => {
  const query = Object.keys(route.query.shape).map((name) => `${name}=0`).join("&");
  return {
    method: route.method.toUpperCase(), path: route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] as string) + (query === "" ? "" : `?${query}`),
    ...(route.body.mediaType === undefined ? {} : { type: route.body.mediaType, body: Uint8Array.of(0xff, 0xff, 0xff) }),
  };
};

/** What the case has not got: to who may ask it looks like what may not be asked for. */
const NOT_THERE = ["receipt", "worker", "provedLeaf", "proof", "callback"];

describe("every route for every role", () => {
  it("is listed here: a new route needs a line above", () => {
    expect(Object.keys(MAY).sort()).toEqual(ROUTES.map((r) => r.name).sort());
  });

  for (const route of ROUTES) {
    it(`${route.method} ${route.path}`, async () => {
      const may = MAY[route.name] ?? [];
      const unsigned = await send(service.url, requestOf(route, named(route)));
      expect(["nobody", unsigned.status === 401], route.name).toEqual(["nobody", !may.includes("nobody")]);
      for (const role of ALL) {
        // A stream that is allowed would not end; the flow's tests read one.
        if (route.answer.mediaType === "text/event-stream" && may.includes(role)) continue;
        const answer = await as(role, requestOf(route, named(route)));
        expect([role, answer.status < 500], answer.text).toEqual([role, true]);
        if (!may.includes(role)) {
          const unknown = await as(role, requestOf(route, SHAPE));
          expect([role, answer.status, answer.text]).toEqual([role, 404, unknown.text]);
        } else if (route.body.mediaType !== undefined) {
          expect([role, answer.json["code"]], answer.text).not.toEqual([role, "not_found"]);
        } else if (route.method === "get" && !NOT_THERE.includes(route.name)) {
          expect([role, answer.status]).toEqual([role, 200]);
        }
      }
    });
  }

  it("takes the id of one thing for no other, whoever asks", async () => {
    const ids = [job, requestId, proofId, c.dataset.id, c.dataset.blobs[0] as string, leafHex(), c.grant, c.model, c.owner.key.publicKey, other.dataset.id, other.grant];
    const swapped = ROUTES.filter((r) => !["public", "signed", "worker"].includes(r.access) && /\{(id|leaf)\}/.test(r.path) && r.answer.mediaType !== "text/event-stream");
    expect(swapped.length).toBeGreaterThan(10);
    for (const route of swapped) {
      const right = Object.values(named(route));
      for (const role of ["owner", "platform", "holder"] as const) {
        const unknown = await as(role, requestOf(route, SHAPE));
        const answers = await Promise.all(ids.filter((id) => !right.includes(id)).map((id) => as(role, requestOf(route, { ...SHAPE, id, leaf: id }))));
        for (const answer of answers) expect([route.name, role, answer.status, answer.text]).toEqual([route.name, role, 404, unknown.text]);
      }
    }
  });

  it("gives a receipt that is not there the face of a job that is not there", async () => {
    const [mine, theirs] = [await as("owner", { path: `/v1/jobs/${job}/receipt` }), await as("owner", { path: `/v1/jobs/${UNKNOWN}/receipt` })];
    expect([mine.status, mine.text]).toEqual([404, theirs.text]);
    expect((await as("stranger", { path: `/v1/jobs/${job}/events` })).text).toBe(theirs.text);
  });

  it("shows a broker its own inbox only", async () => {
    expect(await c.owner.api.brokerInbox(0)).toHaveLength(1);
    expect(await c.platform.api.brokerInbox(0)).toEqual([]);
    expect(await by.stranger.api.brokerInbox(0)).toEqual([]);
  });
});

describe("who may say what", () => {
  it("takes key requests from the lease's holder only, and only for keys that the job needs", async () => {
    const ask = (worker: WorkerParty, holder: string, subject: string) => worker.api.putKeyRequest(
      keyRequest.sign({ job, holder: holder as never, subject: subject as ObjectId, worker: worker.identity, nonce: random(32) }, worker.key).envelope);
    const [holder, other] = [by.holder as WorkerParty, by.worker as WorkerParty];
    await expect(ask(other, c.owner.key.publicKey, c.dataset.id)).rejects.toMatchObject({ code: "not_found" });
    await expect(ask(holder, c.owner.key.publicKey, c.model)).rejects.toMatchObject({ code: "not_found" });
    await expect(ask(holder, by.stranger.key.publicKey, c.dataset.id)).rejects.toMatchObject({ code: "not_found" });
    await ask(holder, c.platform.key.publicKey, c.model);
  });

  it("takes a challenge or a reply from the key's holder only", async () => {
    for (const role of ["platform", "stranger", "worker"] as const) {
      const challenge = keyChallenge.sign({ request: requestId as never, nonce: random(32), policyId: UNKNOWN as ObjectId, expiresAt: now() + 60 }, by[role].key);
      const reply = keyReply.sign({ request: requestId as never, challenge: undefined, outcome: { kind: "refused", code: "key_refused", reason: "no" } }, by[role].key);
      await expect(by[role].api.putChallenge(challenge.envelope)).rejects.toMatchObject({ code: "not_found" });
      await expect(by[role].api.putReply(reply.envelope)).rejects.toMatchObject({ code: "not_found" });
    }
  });

  it("refuses objects that somebody else signed", async () => {
    const { envelope } = revocation.sign({ owner: c.owner.key.publicKey, grant: c.grant as never, revokedAt: now() }, c.owner.key);
    const answer = await as("stranger", { method: "POST", path: "/v1/revocations", type: "application/x-protobuf", body: envelopeToBytes(envelope) });
    expect([answer.status, answer.json["code"]]).toEqual([401, "signature_invalid"]);
  });

  it("refuses a grant on somebody else's dataset and a revocation of somebody else's grant, known or not, alike", async () => {
    const key = by.stranger.key;
    const granted = (dataset: string) => by.stranger.api.putGrant(grant.sign({
      owner: key.publicKey, dataset: dataset as never, programs: ["p"], grantee: key.publicKey, purpose: "x", notBefore: 1, notAfter: 2, maxUses: 1,
      allowedMeasurements: ["22".repeat(48) as never], allowedAnchors: ["sim"], nonce: random(32), resultKey: { suite: 1, publicKey: random(32) },
    }, key).envelope);
    const revoked = (id: string) => by.stranger.api.putRevocation(revocation.sign({ owner: key.publicKey, grant: id as never, revokedAt: now() }, key).envelope);
    for (const attempt of [granted(c.dataset.id), granted(UNKNOWN), revoked(c.grant), revoked(UNKNOWN)]) {
      await expect(attempt).rejects.toMatchObject({ code: "not_found", facts: {} });
    }
  });

  it("answers reports on a lease that is somebody else's as on one that never was", async () => {
    const body = toBinary(ProgressSchema, create(ProgressSchema, { phase: "prove", percent: 1 }));
    const report = (role: Role, id: string, token: string) => as(role, { method: "POST", path: `/v1/jobs/${id}/leases/${token}/progress`, type: "application/x-protobuf", body });
    const [known, unknown] = [await report("worker", job, toHex(lease.leaseToken)), await report("worker", UNKNOWN, "00".repeat(16))];
    expect([known.status, known.text]).toEqual([409, unknown.text]);
    expect((await report("holder", job, toHex(lease.leaseToken))).status).toBe(204);
  });
});
