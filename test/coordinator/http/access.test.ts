import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../../src/coordinator/http/routes.js";
import { toHex } from "../../../src/protocol/bytes.js";
import { envelopeToBytes } from "../../../src/protocol/dsse.js";
import { fieldToBytes } from "../../../src/protocol/field.js";
import type { JobId, ObjectId } from "../../../src/protocol/ids.js";
import { grant, keyChallenge, keyReply, keyRequest, revocation } from "../../../src/protocol/objects/index.js";
import { ProgressSchema, type Lease } from "../../../src/protocol/wire/veritee_pb.js";
import { now, party, prepareCase, random, registerWorker, submit, type Case, type Party, type WorkerParty } from "../harness/parties.js";
import { sendSigned, type RawRequest } from "../harness/raw.js";
import { startService, type Service } from "../harness/service.js";

type Role = "owner" | "platform" | "holder" | "worker" | "stranger";
const ALL: readonly Role[] = ["owner", "platform", "holder", "worker", "stranger"];
let service: Service;
let c: Case;
let job: JobId;
let lease: Lease;
let requestId: string;
let by: Record<Role, Party>;

beforeAll(async () => {
  service = await startService();
  c = await prepareCase(service.url);
  job = await submit(c);
  const [holder, worker]: WorkerParty[] = [await registerWorker(service.url), await registerWorker(service.url)];
  lease = await holder?.api.lease(5) as Lease;
  const request = keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: (holder as WorkerParty).identity, nonce: random(32) }, (holder as WorkerParty).key);
  await (holder as WorkerParty).api.putKeyRequest(request.envelope);
  requestId = request.id;
  by = { owner: c.owner, platform: c.platform, holder: holder as Party, worker: worker as Party, stranger: party(service.url) };
});
afterAll(() => service.close());

const as = (role: Role, request: RawRequest) => sendSigned(service.url, by[role].key, request);
const leafHex = (): string => toHex(fieldToBytes(c.dataset.leaf));
const UNKNOWN = "0f".repeat(32);

/** Every route that names an object: who gets past its access rule, and what it looks like for an object that is not there. */
const MATRIX: readonly { name: string; may: readonly Role[]; request: (id?: string) => RawRequest }[] = [
  { name: "getBlob", may: ["owner", "holder"], request: (id = c.dataset.blobs[0]) => ({ path: `/v1/blobs/${id}` }) },
  { name: "leaf", may: ["owner"], request: (id = leafHex()) => ({ path: `/v1/leaves/${id}` }) },
  { name: "job", may: ["owner", "platform"], request: (id = job) => ({ path: `/v1/jobs/${id}` }) },
  { name: "results", may: ["owner", "platform"], request: (id = job) => ({ path: `/v1/jobs/${id}/results` }) },
  { name: "keyRequest", may: ["holder"], request: (id = requestId) => ({ path: `/v1/key-requests/${id}?seen=0&wait=0` }) },
  { name: "merkleProof", may: ["holder", "worker"], request: (id = leafHex()) => ({ path: `/v1/merkle-proofs/${id}` }) },
];

describe("who may read what", () => {
  for (const row of MATRIX) {
    for (const role of ALL) {
      it(`${row.name}: ${role} ${row.may.includes(role) ? "may" : "may not, and learns nothing"}`, async () => {
        const answer = await as(role, row.request());
        if (row.may.includes(role)) return expect(answer.status).toBe(200);
        const unknown = await as(role, row.request(UNKNOWN));
        expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: unknown.text });
      });
    }
  }

  it("gives a receipt that is not there the face of a job that is not there", async () => {
    const [mine, theirs] = [await as("owner", { path: `/v1/jobs/${job}/receipt` }), await as("owner", { path: `/v1/jobs/${UNKNOWN}/receipt` })];
    expect([mine.status, mine.text]).toEqual([404, theirs.text]);
    expect((await as("stranger", { path: `/v1/jobs/${job}/events` })).text).toBe(theirs.text);
  });

  it("keeps workers' routes from everybody else", async () => {
    for (const route of ROUTES.filter((r) => r.access === "worker")) {
      const path = route.path.replace("{id}", job).replace("{token}", toHex(lease.leaseToken)).replace("{leaf}", leafHex());
      const answer = await as("platform", { method: route.method.toUpperCase(), path, ...(route.body.mediaType === undefined ? {} : { type: route.body.mediaType, body: random(4) }) });
      expect([route.name, answer.status]).toEqual([route.name, 404]);
    }
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
