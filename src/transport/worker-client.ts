import { create, fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { toHex, type Bytes } from "../protocol/bytes.js";
import { envelopeToBytes, type Envelope } from "../protocol/dsse.js";
import { ensure, isErrorCode, VeriteeError } from "../protocol/errors.js";
import { fieldFromBytes, fieldToBytes, type Field } from "../protocol/field.js";
import { idFromBytes, type BlobId, type JobId, type KeyRequestId } from "../protocol/ids.js";
import { certificateToBytes, type WorkerCertificate } from "../protocol/objects/receipt.js";
import { writeProof, type ProofBytes } from "../protocol/objects/proof-bytes.js";
import {
  CompletionSchema, FailureSchema, Groth16ProofSchema, KeyRequestStateSchema, LeaseSchema, MerkleProofSchema, ProgressSchema,
  type Completion, type Failure, type KeyRequestState, type Lease, type Progress,
} from "../protocol/wire/veritee_pb.js";
import type { DeploymentView, LeafPath, WorkerApi } from "./api.js";
import { HttpCaller, type Answer, type Call, type HttpOptions } from "./http-call.js";
import { readBlobId, readDeployment, readNonce, readObject, readWorkerView, type Json } from "./json-answers.js";

export const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const BINARY = "application/octet-stream";
/** A lease and an inbox carry whole envelopes: a manifest of 4,097 segments is about 350 KiB. */
const MAX_WIRE_BYTES = 16 << 20;
const REGISTRATION_POLL_SECONDS = 25;

export const hexOf = (field: Field): string => toHex(fieldToBytes(field));

/**
 * A worker's half of the wire over signed HTTP; the other roles' is client.ts. Apart from it because this file is in the enclave's
 * measured set.
 */
export class WorkerClient implements WorkerApi {
  protected readonly http: HttpCaller;

  constructor(options: HttpOptions) {
    this.http = new HttpCaller(options);
  }

  // ---- shared
  async deployment(): Promise<DeploymentView> {
    return readDeployment(await this.getJson("/v1/deployment"));
  }

  async putBlob(bytes: Bytes): Promise<BlobId> {
    const id = blobId(bytes);
    const stored = readBlobId(await this.json({ method: "PUT", path: `/v1/blobs/${id}`, body: bytes, contentType: BINARY }));
    ensure(stored === id, "internal", "the service stored another blob", { expected: id, found: stored });
    return id;
  }

  async getBlob(id: BlobId): Promise<Bytes> {
    const { body } = await this.http.send({ method: "GET", path: `/v1/blobs/${id}`, maxBytes: 2 << 20 });
    ensure(blobId(body) === id, "commitment_mismatch", "the blob is not the one asked for", { blob: id });
    return body;
  }

  // ---- workers
  async workerChallenge(): Promise<Bytes> {
    return readNonce(await this.json({ method: "POST", path: "/v1/worker-challenges" }));
  }

  async registerWorker(certificate: WorkerCertificate): Promise<void> {
    let view = readWorkerView(await this.json({ method: "POST", path: "/v1/workers", body: certificateToBytes(certificate), contentType: PROTOBUF }));
    while (view.state === "pending") {
      const answer = await this.wait({ method: "GET", path: "/v1/workers/me", waitSeconds: REGISTRATION_POLL_SECONDS });
      view = readWorkerView(readObject(answer.body));
    }
    if (view.state === "registered") return;
    const code = view.reason ?? "internal";
    throw new VeriteeError(isErrorCode(code) ? code : "internal", "the worker was refused", { code });
  }

  async lease(waitSeconds: number, signal?: AbortSignal, proofs = false): Promise<Lease | undefined> {
    // Never sent twice: the first may have taken a job, which then waits for its lease to lapse.
    const answer = await this.wait({ method: "POST", path: "/v1/leases", query: { proofs: proofs ? 1 : 0 }, waitSeconds, signal, idempotent: false });
    return answer.status === 204 ? undefined : parse(LeaseSchema, answer.body);
  }

  heartbeat = (job: JobId, leaseToken: Bytes, progress: Progress): Promise<void> =>
    this.report(job, leaseToken, "progress", toBinary(ProgressSchema, create(ProgressSchema, progress)));
  complete = (job: JobId, leaseToken: Bytes, completion: Completion): Promise<void> =>
    this.report(job, leaseToken, "completion", toBinary(CompletionSchema, create(CompletionSchema, completion)));
  completeProof = (request: JobId, leaseToken: Bytes, proof: ProofBytes): Promise<void> =>
    this.report(request, leaseToken, "proof", toBinary(Groth16ProofSchema, create(Groth16ProofSchema, writeProof(proof))));
  fail = (job: JobId, leaseToken: Bytes, failure: Failure): Promise<void> =>
    this.report(job, leaseToken, "failure", toBinary(FailureSchema, create(FailureSchema, failure)));

  async merkleProof(leaf: Field): Promise<LeafPath> {
    const { body } = await this.http.send({ method: "GET", path: `/v1/merkle-proofs/${hexOf(leaf)}` });
    const proof = parse(MerkleProofSchema, body);
    return { root: fieldFromBytes(proof.root), index: proof.index, siblings: proof.siblings.map(fieldFromBytes), proved: proof.proved };
  }

  putKeyRequest = (envelope: Envelope): Promise<void> => this.put("/v1/key-requests", envelope);
  putKeyEvidence = (envelope: Envelope): Promise<void> => this.put("/v1/key-evidence", envelope);

  async keyRequest(id: KeyRequestId, seen: 0 | 1, waitSeconds: number): Promise<KeyRequestState> {
    const answer = await this.wait({ method: "GET", path: `/v1/key-requests/${id}`, query: { seen }, waitSeconds });
    return parse(KeyRequestStateSchema, answer.body);
  }

  // ---- forms of call
  protected async put(path: string, envelope: Envelope): Promise<void> {
    await this.http.send({ method: "POST", path, body: envelopeToBytes(envelope), contentType: PROTOBUF });
  }

  private async report(job: JobId, leaseToken: Bytes, what: string, body: Bytes): Promise<void> {
    await this.http.send({ method: "POST", path: `/v1/jobs/${job}/leases/${toHex(leaseToken)}/${what}`, body, contentType: PROTOBUF });
  }

  protected wait(call: Call & { readonly waitSeconds: number }): Promise<Answer> {
    return this.http.send({ maxBytes: MAX_WIRE_BYTES, ...call, query: { ...call.query, wait: call.waitSeconds } });
  }

  protected json = async (call: Call): Promise<Json> => readObject((await this.http.send(call)).body);
  protected getJson = (path: string): Promise<Json> => this.json({ method: "GET", path });
  protected postJson = (path: string, value: Json): Promise<Json> =>
    this.json({ method: "POST", path, body: new TextEncoder().encode(JSON.stringify(value)), contentType: JSON_TYPE });
}

const blobId = (bytes: Bytes): BlobId => idFromBytes(Uint8Array.from(createHash("sha256").update(bytes).digest()), 32, "blob id");

export function parse<S extends DescMessage>(schema: S, body: Bytes): MessageShape<S> {
  try {
    return fromBinary(schema, body);
  } catch (cause) {
    throw new VeriteeError("internal", "the service's answer is not the message expected", { message: schema.typeName }, { cause });
  }
}
