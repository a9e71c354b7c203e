import type { Anchor, Evidence } from "../protocol/objects/parts.js";
import type { Measurement } from "../protocol/ids.js";
import type { WorkerCertificate } from "../protocol/objects/receipt.js";
import type { NonceStore } from "../transport/verify-request.js";
import type { Bells } from "./bells.js";
import type { Blobs } from "./blobs/blobs.js";
import type { ChainPort } from "./chain-port.js";
import type { CallbackRules } from "./callbacks/settings.js";
import type { Gate } from "./guard/gate.js";
import type { Quotas } from "./guard/settings.js";
import type { Log } from "./log.js";
import type { QueueLimits } from "./queue/limits.js";
import type { ReadinessCheck } from "./readiness.js";
import type { Db } from "./store/schema.js";

/** What an appraisal of a worker's certificate has to tell. */
export interface WorkerClaims {
  readonly measurement: Measurement;
  readonly anchor: Anchor;
  readonly simulated: boolean;
}

/**
 * Judges evidence against the operator's policy. `appraisedAt` of the certificate is the time to judge it at.
 * @throws evidence_* when it is not good
 */
export type AppraiseWorker = (certificate: WorkerCertificate) => WorkerClaims | Promise<WorkerClaims>;

/** What every request handler may use. */
export interface Context {
  readonly db: Db;
  readonly blobs: Blobs;
  readonly chain: ChainPort;
  /** Blocks above a deed's own that make it final. */
  readonly confirmations: number;
  readonly bells: Bells;
  readonly log: Log;
  readonly limits: QueueLimits;
  readonly quotas: Quotas;
  readonly gate: Gate;
  readonly callbacks: CallbackRules;
  readonly readiness: ReadinessCheck;
  readonly nonces: NonceStore;
  readonly appraiseWorker: AppraiseWorker;
  /** Adds collateral to a worker's evidence that came without it, so that its receipts carry what a verifier needs. */
  readonly completeEvidence: (evidence: Evidence) => Promise<Evidence>;
  /** Unix seconds, by the database's clock as leases are: judges signatures and signed times. */
  readonly now: () => number;
  /** Whether receipts under development parameters are anchored. */
  readonly developmentParameters: boolean;
  /** How long a worker is registered, in seconds. */
  readonly workerSeconds: number;
  /** Hosts under which this service is known: a request signed for another host is refused. */
  readonly authorities: () => readonly string[];
  /** Aborts when the service is stopping. */
  readonly stopping: AbortSignal;
}
