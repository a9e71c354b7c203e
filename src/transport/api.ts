// What each role may ask of a coordinator. The HTTP client implements it; tests may implement it in memory.
import type { Bytes } from "../protocol/bytes.js";
import type { Envelope } from "../protocol/dsse.js";
import type { Field } from "../protocol/field.js";
import type { BlobId, JobId, KeyRequestId, LedgerAddress } from "../protocol/ids.js";
import type { WorkerCertificate } from "../protocol/objects/receipt.js";
import type { ProofBytes } from "../protocol/objects/proof-bytes.js";
import type { BrokerItem, Completion, Failure, KeyRequestState, Lease, Progress } from "../protocol/wire/veritee_pb.js";

export interface DeploymentView {
  readonly chainId: number;
  readonly datasetRegistry: LedgerAddress;
  readonly provedDatasetRegistry: LedgerAddress;
  readonly sourceRegistry: LedgerAddress;
  readonly programRegistry: LedgerAddress;
  readonly workerRegistry: LedgerAddress;
  readonly receiptLedger: LedgerAddress;
}

export type LeafState = "pending" | "anchored" | "revoked" | "refused";
export interface LeafView { readonly state: LeafState; readonly txHash: string | undefined; readonly reason: string | undefined }

export const JOB_STATES = ["queued", "running", "anchoring", "done", "failed"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** How deep a job's receipt lies on the ledger, as of the coordinator's last look. */
export interface Finality {
  readonly state: "mined" | "final";
  /** Blocks above the receipt's own. */
  readonly confirmations: number;
  /** As many make it final. */
  readonly needed: number;
}

export interface JobView {
  readonly id: JobId;
  readonly state: JobState;
  readonly attempt: number;
  readonly phase: string | undefined;
  readonly error: { readonly code: string; readonly reason: string } | undefined;
  /** Of a job that is done. Until it is final a reorganisation of the chain may take it back to `anchoring`. */
  readonly finality?: Finality | undefined;
  /** Unix seconds, database time. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const PROOF_STATES = ["running", "done", "failed"] as const;

/** How far a proof request is. */
export interface ProofRequestView {
  /** Ended when not running; proofs that are done can be fetched in any state. */
  readonly state: (typeof PROOF_STATES)[number];
  /** how many it asks for */
  readonly statements: number;
  /** that workers are at */
  readonly leased: number;
  /** whose proofs are there */
  readonly done: readonly number[];
  /** code of what failed it */
  readonly error: string | undefined;
}

/** Who may act: every call is signed with the caller's key (RFC 9421). */
export interface SharedApi {
  deployment(): Promise<DeploymentView>;
  putBlob(bytes: Bytes): Promise<BlobId>;
  /** Checks the content against the id. @throws not_found, commitment_mismatch */
  getBlob(id: BlobId): Promise<Bytes>;
}

export interface EnterpriseApi extends SharedApi {
  putDatasetManifest(envelope: Envelope): Promise<void>;
  putGrant(envelope: Envelope): Promise<void>;
  putRevocation(envelope: Envelope): Promise<void>;
  /** Signature: 65 bytes by the leaf's authority over the insert digest (docs/protocol.md 8). */
  registerLeaf(leaf: Field, authority: LedgerAddress, signature: Bytes): Promise<LeafView>;
  revokeLeaf(leaf: Field, signature: Bytes): Promise<LeafView>;
  // The same in the registry of proved datasets; the proof is a blob that was stored before.
  /** @throws not_found when nobody asked for it */
  provedLeaf(leaf: Field): Promise<LeafView>;
  registerProvedLeaf(leaf: Field, proof: BlobId, authority: LedgerAddress, signature: Bytes): Promise<LeafView>;
  revokeProvedLeaf(leaf: Field, signature: Bytes): Promise<LeafView>;
  leaf(leaf: Field): Promise<LeafView>;
}

/** An owner has its datasets' statements proved by workers. */
export interface ProofRequestApi {
  /** Idempotent: the same signed request is the same work. */
  submitProofRequest(envelope: Envelope): Promise<ProofRequestView>;
  /** Long poll: resolves when more than `seen` proofs are there or the request has ended, else after the time. */
  proofRequest(id: JobId, seen: number, waitSeconds: number, signal?: AbortSignal): Promise<ProofRequestView>;
  /** @throws not_found */
  proof(id: JobId, statement: number): Promise<ProofBytes>;
}

export interface PlatformApi extends SharedApi {
  /** Also relays the model's commitment to the ledger. */
  putModelManifest(envelope: Envelope): Promise<void>;
  /** Idempotent: the same signed request is the same job. */
  submitJob(envelope: Envelope): Promise<JobView>;
}

/** For a job's platform and for the owner of its dataset. */
export interface ResultApi {
  job(id: JobId): Promise<JobView>;
  /** Ends when the job is done or failed. */
  jobEvents(id: JobId, signal?: AbortSignal): AsyncIterable<JobView>;
  /** The receipt file (src/protocol/receipt-file.ts). @throws not_found until the job is done */
  receipt(id: JobId): Promise<unknown>;
  /** The results sealed to the caller. */
  results(id: JobId): Promise<readonly Envelope[]>;
}

export interface BrokerApi {
  /** Long poll: open key requests for the caller that wait for a challenge or a reply. */
  brokerInbox(waitSeconds: number, signal?: AbortSignal): Promise<readonly BrokerItem[]>;
  putChallenge(envelope: Envelope): Promise<void>;
  putReply(envelope: Envelope): Promise<void>;
  /** Keeps a signed head of the caller's release log. @throws conflict when another one of the same line is kept */
  putReleaseHead(envelope: Envelope): Promise<void>;
  /** Heads that are kept of the caller's release log: the newest, or those from a line on, in order. */
  releaseHeads(fromLine?: number): Promise<readonly Envelope[]>;
  /** All key requests to the caller and its replies, for comparing with its release log. */
  keyClaims(): Promise<readonly KeyClaim[]>;
}

/** A key request as the coordinator carried it, and the reply, if there was one. */
export interface KeyClaim { readonly request: Envelope; readonly reply: Envelope | undefined }

/** A leaf's path in a registry, as in LeanIMT proofs. */
export interface LeafPath {
  readonly root: Field;
  readonly index: number;
  readonly siblings: readonly Field[];
  /** of the registry of proved datasets */
  readonly proved: boolean;
}

export interface WorkerApi extends SharedApi {
  /** A fresh nonce for registration evidence; single use. */
  workerChallenge(): Promise<Bytes>;
  /** Appraised by the coordinator, then registered on the ledger. Resolves when it is on the ledger. */
  registerWorker(certificate: WorkerCertificate): Promise<void>;
  /** @param proofs whether statements of proof requests are wanted too; not by default */
  lease(waitSeconds: number, signal?: AbortSignal, proofs?: boolean): Promise<Lease | undefined>;
  /** @throws lease_lost */
  heartbeat(job: JobId, leaseToken: Bytes, progress: Progress): Promise<void>;
  merkleProof(leaf: Field): Promise<LeafPath>;
  putKeyRequest(envelope: Envelope): Promise<void>;
  putKeyEvidence(envelope: Envelope): Promise<void>;
  /** Long poll: resolves as soon as there is a challenge (seen = 0) or a reply (seen = 1). */
  keyRequest(id: KeyRequestId, seen: 0 | 1, waitSeconds: number): Promise<KeyRequestState>;
  complete(job: JobId, leaseToken: Bytes, completion: Completion): Promise<void>;
  /** The proof of a leased statement. */
  completeProof(request: JobId, leaseToken: Bytes, proof: ProofBytes): Promise<void>;
  fail(job: JobId, leaseToken: Bytes, failure: Failure): Promise<void>;
}

export type CoordinatorApi = EnterpriseApi & ProofRequestApi & PlatformApi & ResultApi & BrokerApi & WorkerApi;
