import { create, fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { toBase64, toHex, type Bytes } from "../protocol/bytes.js";
import { envelopeToBytes, type Envelope } from "../protocol/dsse.js";
import { ensure, isErrorCode, VeriteeError } from "../protocol/errors.js";
import { fieldFromBytes, fieldToBytes, type Field } from "../protocol/field.js";
import { idFromBytes, type BlobId, type JobId, type KeyRequestId, type LedgerAddress } from "../protocol/ids.js";
import { certificateToBytes, type WorkerCertificate } from "../protocol/objects/receipt.js";
import { readProof, writeProof, type ProofBytes } from "../protocol/objects/proof-bytes.js";
import {
  BrokerInboxSchema, CompletionSchema, FailureSchema, Groth16ProofSchema, KeyRequestStateSchema, LeaseSchema, MerkleProofSchema, ProgressSchema,
  type BrokerItem, type Completion, type Failure, type KeyRequestState, type Lease, type Progress,
} from "../protocol/wire/veritee_pb.js";
import type { CoordinatorApi, DeploymentView, JobView, LeafPath, LeafView, ProofRequestView } from "./api.js";
import { HttpCaller, type Answer, type Call, type HttpOptions } from "./http-call.js";
import { readEvents } from "./sse.js";
import { readBlobId, readDeployment, readEnvelopes, readJobView, readLeafView, readNonce, readObject, readProofRequestView, readWorkerView, type Json } from "./views.js";

export const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const BINARY = "application/octet-stream";
/** A lease and an inbox carry whole envelopes: a manifest of 4,097 segments is about 350 KiB. */
const MAX_WIRE_BYTES = 16 << 20;
const REGISTRATION_POLL_SECONDS = 25;
const REOPEN_PAUSE_MS = 500;

const hexOf = (field: Field): string => toHex(fieldToBytes(field));

/** The coordinator over signed HTTP. It is not trusted: what it answers is checked by whoever uses it. */
export class CoordinatorClient implements CoordinatorApi {
  readonly #http: HttpCaller;

  constructor(options: HttpOptions) {
    this.#http = new HttpCaller(options);
  }

  // ---- shared
  async deployment(): Promise<DeploymentView> {
    return readDeployment(await this.#getJson("/v1/deployment"));
  }

  async putBlob(bytes: Bytes): Promise<BlobId> {
    const id = blobId(bytes);
    const stored = readBlobId(await this.#json({ method: "PUT", path: `/v1/blobs/${id}`, body: bytes, contentType: BINARY }));
    ensure(stored === id, "internal", "the service stored another blob", { expected: id, found: stored });
    return id;
  }

  async getBlob(id: BlobId): Promise<Bytes> {
    const { body } = await this.#http.send({ method: "GET", path: `/v1/blobs/${id}`, maxBytes: 2 << 20 });
    ensure(blobId(body) === id, "commitment_mismatch", "the blob is not the one asked for", { blob: id });
    return body;
  }

  // ---- enterprise
  putDatasetManifest = (envelope: Envelope): Promise<void> => this.#put("/v1/datasets", envelope);
  putGrant = (envelope: Envelope): Promise<void> => this.#put("/v1/grants", envelope);
  putRevocation = (envelope: Envelope): Promise<void> => this.#put("/v1/revocations", envelope);

  async registerLeaf(leaf: Field, authority: LedgerAddress, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.#postJson(`/v1/leaves/${hexOf(leaf)}`, { authority, signature: toBase64(signature) }));
  }

  async revokeLeaf(leaf: Field, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.#postJson(`/v1/leaves/${hexOf(leaf)}/revocation`, { signature: toBase64(signature) }));
  }

  async leaf(leaf: Field): Promise<LeafView> {
    return readLeafView(await this.#getJson(`/v1/leaves/${hexOf(leaf)}`));
  }

  async registerProvedLeaf(leaf: Field, proof: BlobId, authority: LedgerAddress, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.#postJson(`/v1/leaves/${hexOf(leaf)}/proof`, { proof, authority, signature: toBase64(signature) }));
  }

  async revokeProvedLeaf(leaf: Field, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.#postJson(`/v1/leaves/${hexOf(leaf)}/proof/revocation`, { signature: toBase64(signature) }));
  }

  async provedLeaf(leaf: Field): Promise<LeafView> {
    return readLeafView(await this.#getJson(`/v1/leaves/${hexOf(leaf)}/proof`));
  }

  async submitProofRequest(envelope: Envelope): Promise<ProofRequestView> {
    return readProofRequestView(await this.#json({ method: "POST", path: "/v1/proof-requests", body: envelopeToBytes(envelope), contentType: PROTOBUF }));
  }

  async proofRequest(id: JobId, seen: number, waitSeconds: number, signal?: AbortSignal): Promise<ProofRequestView> {
    return readProofRequestView(readObject((await this.#wait({ method: "GET", path: `/v1/proof-requests/${id}`, query: { seen }, waitSeconds, signal })).body));
  }

  async proof(id: JobId, statement: number): Promise<ProofBytes> {
    const { body } = await this.#http.send({ method: "GET", path: `/v1/proof-requests/${id}/proofs/${statement}` });
    return readProof("proof", parse(Groth16ProofSchema, body));
  }

  // ---- platform
  putModelManifest = (envelope: Envelope): Promise<void> => this.#put("/v1/models", envelope);

  async submitJob(envelope: Envelope): Promise<JobView> {
    return readJobView(await this.#json({ method: "POST", path: "/v1/jobs", body: envelopeToBytes(envelope), contentType: PROTOBUF }));
  }

  // ---- results
  async job(id: JobId): Promise<JobView> {
    return readJobView(await this.#getJson(`/v1/jobs/${id}`));
  }

  async *jobEvents(id: JobId, signal?: AbortSignal): AsyncGenerator<JobView> {
    // Events carry the state, not a change of it, so a stream that breaks is simply opened again.
    while (!stopped(signal)) {
      try {
        const stream = await this.#http.stream({ method: "GET", path: `/v1/jobs/${id}/events`, signal });
        for await (const data of readEvents(stream)) {
          const view = readJobView(readObject(new TextEncoder().encode(data)));
          yield view;
          if (view.state === "done" || view.state === "failed") return;
        }
      } catch (error) {
        if (stopped(signal)) return;
        if (error instanceof VeriteeError && error.code !== "service_unavailable") throw error;
      }
      await sleep(REOPEN_PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }

  async receipt(id: JobId): Promise<unknown> {
    return readObject((await this.#http.send({ method: "GET", path: `/v1/jobs/${id}/receipt`, maxBytes: 4 << 20 })).body);
  }

  async results(id: JobId): Promise<readonly Envelope[]> {
    return readEnvelopes(readObject((await this.#http.send({ method: "GET", path: `/v1/jobs/${id}/results`, maxBytes: 8 << 20 })).body));
  }

  // ---- brokers
  async brokerInbox(waitSeconds: number, signal?: AbortSignal): Promise<readonly BrokerItem[]> {
    const answer = await this.#wait({ method: "GET", path: "/v1/inbox", waitSeconds, signal });
    return parse(BrokerInboxSchema, answer.body).items;
  }

  putChallenge = (envelope: Envelope): Promise<void> => this.#put("/v1/key-challenges", envelope);
  putReply = (envelope: Envelope): Promise<void> => this.#put("/v1/key-replies", envelope);

  // ---- workers
  async workerChallenge(): Promise<Bytes> {
    return readNonce(await this.#json({ method: "POST", path: "/v1/worker-challenges" }));
  }

  async registerWorker(certificate: WorkerCertificate): Promise<void> {
    let view = readWorkerView(await this.#json({ method: "POST", path: "/v1/workers", body: certificateToBytes(certificate), contentType: PROTOBUF }));
    while (view.state === "pending") {
      const answer = await this.#wait({ method: "GET", path: "/v1/workers/me", waitSeconds: REGISTRATION_POLL_SECONDS });
      view = readWorkerView(readObject(answer.body));
    }
    if (view.state === "registered") return;
    const code = view.reason ?? "internal";
    throw new VeriteeError(isErrorCode(code) ? code : "internal", "the worker was refused", { code });
  }

  async lease(waitSeconds: number, signal?: AbortSignal, proofs = false): Promise<Lease | undefined> {
    // Never sent twice: the first may have taken a job, which then waits for its lease to lapse.
    const answer = await this.#wait({ method: "POST", path: "/v1/leases", query: { proofs: proofs ? 1 : 0 }, waitSeconds, signal, idempotent: false });
    return answer.status === 204 ? undefined : parse(LeaseSchema, answer.body);
  }

  heartbeat = (job: JobId, leaseToken: Bytes, progress: Progress): Promise<void> =>
    this.#report(job, leaseToken, "progress", toBinary(ProgressSchema, create(ProgressSchema, progress)));
  complete = (job: JobId, leaseToken: Bytes, completion: Completion): Promise<void> =>
    this.#report(job, leaseToken, "completion", toBinary(CompletionSchema, create(CompletionSchema, completion)));
  completeProof = (request: JobId, leaseToken: Bytes, proof: ProofBytes): Promise<void> =>
    this.#report(request, leaseToken, "proof", toBinary(Groth16ProofSchema, create(Groth16ProofSchema, writeProof(proof))));
  fail = (job: JobId, leaseToken: Bytes, failure: Failure): Promise<void> =>
    this.#report(job, leaseToken, "failure", toBinary(FailureSchema, create(FailureSchema, failure)));

  async merkleProof(leaf: Field): Promise<LeafPath> {
    const { body } = await this.#http.send({ method: "GET", path: `/v1/merkle-proofs/${hexOf(leaf)}` });
    const proof = parse(MerkleProofSchema, body);
    return { root: fieldFromBytes(proof.root), index: proof.index, siblings: proof.siblings.map(fieldFromBytes), proved: proof.proved };
  }

  putKeyRequest = (envelope: Envelope): Promise<void> => this.#put("/v1/key-requests", envelope);
  putKeyEvidence = (envelope: Envelope): Promise<void> => this.#put("/v1/key-evidence", envelope);

  async keyRequest(id: KeyRequestId, seen: 0 | 1, waitSeconds: number): Promise<KeyRequestState> {
    const answer = await this.#wait({ method: "GET", path: `/v1/key-requests/${id}`, query: { seen }, waitSeconds });
    return parse(KeyRequestStateSchema, answer.body);
  }

  // ---- forms of call
  async #put(path: string, envelope: Envelope): Promise<void> {
    await this.#http.send({ method: "POST", path, body: envelopeToBytes(envelope), contentType: PROTOBUF });
  }

  async #report(job: JobId, leaseToken: Bytes, what: string, body: Bytes): Promise<void> {
    await this.#http.send({ method: "POST", path: `/v1/jobs/${job}/leases/${toHex(leaseToken)}/${what}`, body, contentType: PROTOBUF });
  }

  #wait(call: Call & { readonly waitSeconds: number }): Promise<Answer> {
    return this.#http.send({ maxBytes: MAX_WIRE_BYTES, ...call, query: { ...call.query, wait: call.waitSeconds } });
  }

  #json = async (call: Call): Promise<Json> => readObject((await this.#http.send(call)).body);
  #getJson = (path: string): Promise<Json> => this.#json({ method: "GET", path });
  #postJson = (path: string, value: Json): Promise<Json> =>
    this.#json({ method: "POST", path, body: new TextEncoder().encode(JSON.stringify(value)), contentType: JSON_TYPE });
}

const blobId = (bytes: Bytes): BlobId => idFromBytes(Uint8Array.from(createHash("sha256").update(bytes).digest()), 32, "blob id");

function parse<S extends DescMessage>(schema: S, body: Bytes): MessageShape<S> {
  try {
    return fromBinary(schema, body);
  } catch (cause) {
    throw new VeriteeError("internal", "the service's answer is not the message expected", { message: schema.typeName }, { cause });
  }
}

// A call, so that the compiler does not take the answer before an await for the answer after it.
const stopped = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;
