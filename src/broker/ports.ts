import type { AppraisalPolicyFile } from "../attestation/policy/schema.js";
import type { TrustAnchors } from "../attestation/verdict.js";
import type { Bytes } from "../protocol/bytes.js";
import type { SigningKey } from "../protocol/dsse.js";
import type { JobId, KeyRequestId, ObjectId } from "../protocol/ids.js";
import type { EnclavePolicy, Evidence, JobRequest, KeyRequest, ProofRequest, Signed } from "../protocol/objects/index.js";
import type { ReleaseEvent } from "./release-log/entry.js";

/** Unix seconds. */
export type Clock = () => number;
/** Secret random bytes. */
export type Random = (length: number) => Bytes;

/** The holder's keys by the manifest they open. */
export interface KeyStore {
  /** A copy that the caller wipes. @throws key_destroyed; store_failed when the store cannot be asked now */
  get(subject: ObjectId): Promise<Bytes | undefined>;
}

/** What a job may have: the holder's own signed words (its grant, or its own job), never the coordinator's. */
export interface ReleasePolicy {
  /** SHA-256 of the payload that says so: the grant's or job's id. */
  readonly id: ObjectId;
  readonly enclaves: EnclavePolicy;
  /** Distinct jobs that may ever have a key under this policy; undefined when the policy is one job. */
  readonly maxUses: number | undefined;
  /** Times that the key may ever be given under this policy; unbounded by default. */
  readonly maxReleases?: number;
}

/** The holder's judgement of authentic work: a job to score, or statements of a dataset to prove. */
export interface PolicySource {
  /** @throws grant_*, not_found, key_refused: the code and message go to the worker and the log */
  judge(request: KeyRequest, job: Signed<JobRequest, JobId>, now: number): Promise<ReleasePolicy>;
  /** Absent where the holder's keys are not for proving. @throws as judge */
  judgeProof?(request: KeyRequest, proof: Signed<ProofRequest, JobId>, now: number): Promise<ReleasePolicy>;
}

/** Durable: append resolves when the entry is on disk. */
export interface ReleaseRecorder {
  append(event: ReleaseEvent): Promise<void>;
  /** Jobs that were given a key under a policy. */
  jobsUnder(policy: ObjectId): ReadonlySet<JobId>;
  /** How often a key was given under a policy. */
  releasesUnder(policy: ObjectId): number;
  isDestroyed(subject: ObjectId): boolean;
  /** Whether a key was released or refused on this evidence (digest in hex). */
  hasEvidence(digest: string): boolean;
}

export interface BrokerParts {
  readonly identity: SigningKey;
  readonly keys: KeyStore;
  readonly policy: PolicySource;
  readonly log: ReleaseRecorder;
  readonly anchors: TrustAnchors;
  /** The holder's own appraisal policy, beside every grant; by default the baseline of key release. */
  readonly appraisalPolicy?: AppraisalPolicyFile | undefined;
  /** Adds collateral to evidence that came without it; evidence goes as it came where this is absent. @throws collateral_* */
  readonly completeEvidence?: ((evidence: Evidence) => Promise<Evidence>) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** For the operator's log; holds no key. */
  readonly onEvent?: (event: BrokerEvent) => void;
}

/** What a broker's operator decides about evidence. */
export type BrokerTrust = Pick<BrokerParts, "anchors" | "appraisalPolicy" | "completeEvidence">;

export interface BrokerEvent {
  readonly kind: "challenged" | "released" | "refused" | "ignored" | "unreachable" | "destroyed";
  readonly request?: KeyRequestId;
  readonly job?: JobId;
  readonly code?: string;
  readonly reason?: string;
}
