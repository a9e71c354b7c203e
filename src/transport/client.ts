import { setTimeout as sleep } from "node:timers/promises";
import { toBase64, type Bytes } from "../protocol/bytes.js";
import { envelopeToBytes, type Envelope } from "../protocol/dsse.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import type { BlobId, JobId, LedgerAddress } from "../protocol/ids.js";
import { readProof, type ProofBytes } from "../protocol/objects/proof-bytes.js";
import { BrokerInboxSchema, Groth16ProofSchema, type BrokerItem } from "../protocol/wire/veritee_pb.js";
import type { CoordinatorApi, JobView, KeyClaim, LeafView, ProofRequestView } from "./api.js";
import { readObject } from "./json-answers.js";
import { readEvents } from "./sse.js";
import { readEnvelopes, readJobView, readKeyClaims, readLeafView, readProofRequestView } from "./views.js";
import { hexOf, parse, PROTOBUF, WorkerClient } from "./worker-client.js";

const REOPEN_PAUSE_MS = 500;

/** The coordinator over signed HTTP. It is not trusted: what it answers is checked by whoever uses it. */
export class CoordinatorClient extends WorkerClient implements CoordinatorApi {
  // ---- enterprise
  putDatasetManifest = (envelope: Envelope): Promise<void> => this.put("/v1/datasets", envelope);
  putGrant = (envelope: Envelope): Promise<void> => this.put("/v1/grants", envelope);
  putRevocation = (envelope: Envelope): Promise<void> => this.put("/v1/revocations", envelope);

  async registerLeaf(leaf: Field, authority: LedgerAddress, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.postJson(`/v1/leaves/${hexOf(leaf)}`, { authority, signature: toBase64(signature) }));
  }

  async revokeLeaf(leaf: Field, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.postJson(`/v1/leaves/${hexOf(leaf)}/revocation`, { signature: toBase64(signature) }));
  }

  async leaf(leaf: Field): Promise<LeafView> {
    return readLeafView(await this.getJson(`/v1/leaves/${hexOf(leaf)}`));
  }

  async registerProvedLeaf(leaf: Field, proof: BlobId, authority: LedgerAddress, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.postJson(`/v1/leaves/${hexOf(leaf)}/proof`, { proof, authority, signature: toBase64(signature) }));
  }

  async revokeProvedLeaf(leaf: Field, signature: Bytes): Promise<LeafView> {
    return readLeafView(await this.postJson(`/v1/leaves/${hexOf(leaf)}/proof/revocation`, { signature: toBase64(signature) }));
  }

  async provedLeaf(leaf: Field): Promise<LeafView> {
    return readLeafView(await this.getJson(`/v1/leaves/${hexOf(leaf)}/proof`));
  }

  async submitProofRequest(envelope: Envelope): Promise<ProofRequestView> {
    return readProofRequestView(await this.json({ method: "POST", path: "/v1/proof-requests", body: envelopeToBytes(envelope), contentType: PROTOBUF }));
  }

  async proofRequest(id: JobId, seen: number, waitSeconds: number, signal?: AbortSignal): Promise<ProofRequestView> {
    return readProofRequestView(readObject((await this.wait({ method: "GET", path: `/v1/proof-requests/${id}`, query: { seen }, waitSeconds, signal })).body));
  }

  async proof(id: JobId, statement: number): Promise<ProofBytes> {
    const { body } = await this.http.send({ method: "GET", path: `/v1/proof-requests/${id}/proofs/${statement}` });
    return readProof("proof", parse(Groth16ProofSchema, body));
  }

  // ---- platform
  putModelManifest = (envelope: Envelope): Promise<void> => this.put("/v1/models", envelope);

  async submitJob(envelope: Envelope): Promise<JobView> {
    return readJobView(await this.json({ method: "POST", path: "/v1/jobs", body: envelopeToBytes(envelope), contentType: PROTOBUF }));
  }

  /** Has an address told when the job has ended. @throws address_refused, unsupported, conflict (the job has another), not_found */
  async putCallback(id: JobId, url: string): Promise<void> {
    await this.json({ method: "PUT", path: `/v1/jobs/${id}/callback`, body: new TextEncoder().encode(JSON.stringify({ url })), contentType: "application/json" });
  }

  // ---- results
  async job(id: JobId): Promise<JobView> {
    return readJobView(await this.getJson(`/v1/jobs/${id}`));
  }

  async *jobEvents(id: JobId, signal?: AbortSignal): AsyncGenerator<JobView> {
    // Events carry the state, not a change of it, so a stream that breaks is simply opened again.
    while (!stopped(signal)) {
      try {
        const stream = await this.http.stream({ method: "GET", path: `/v1/jobs/${id}/events`, signal });
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
    return readObject((await this.http.send({ method: "GET", path: `/v1/jobs/${id}/receipt`, maxBytes: 4 << 20 })).body);
  }

  async results(id: JobId): Promise<readonly Envelope[]> {
    return readEnvelopes(readObject((await this.http.send({ method: "GET", path: `/v1/jobs/${id}/results`, maxBytes: 8 << 20 })).body));
  }

  // ---- brokers
  async brokerInbox(waitSeconds: number, signal?: AbortSignal): Promise<readonly BrokerItem[]> {
    const answer = await this.wait({ method: "GET", path: "/v1/inbox", waitSeconds, signal });
    return parse(BrokerInboxSchema, answer.body).items;
  }

  putChallenge = (envelope: Envelope): Promise<void> => this.put("/v1/key-challenges", envelope);
  putReply = (envelope: Envelope): Promise<void> => this.put("/v1/key-replies", envelope);
  putReleaseHead = (envelope: Envelope): Promise<void> => this.put("/v1/release-heads", envelope);

  async releaseHeads(fromLine?: number): Promise<readonly Envelope[]> {
    const query = fromLine === undefined ? {} : { query: { from: fromLine } };
    return readEnvelopes(readObject((await this.http.send({ method: "GET", path: "/v1/release-heads", ...query })).body), 200);
  }

  async keyClaims(): Promise<readonly KeyClaim[]> {
    const claims: KeyClaim[] = [];
    for (let after: string | undefined; ;) {
      const query = after === undefined ? {} : { query: { after } };
      const page = readKeyClaims(readObject((await this.http.send({ method: "GET", path: "/v1/key-claims", maxBytes: 8 << 20, ...query })).body));
      claims.push(...page);
      const last = page.at(-1)?.id;
      if (last === undefined) return claims;
      ensure(after === undefined || last > after, "internal", "the service repeats itself", { after: last });
      after = last;
    }
  }
}

// A call, so that the compiler does not take the answer before an await for the answer after it.
const stopped = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;
