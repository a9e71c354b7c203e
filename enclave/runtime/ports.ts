import type { Bytes } from "../../src/protocol/bytes.js";
import type { SigningKey } from "../../src/protocol/dsse.js";
import type { HpkeSuite, WorkerIdentity } from "../../src/protocol/objects/index.js";
import type { PinnedKeys } from "../../src/proofs/pinned-key.js";
import type { Prover } from "../../src/proofs/prover.js";
import type { LogLevel } from "../../src/attestation/quote-channel.js";
import type { WorkerApi } from "../../src/transport/api.js";
import type { Collector } from "../platforms/collector.js";

/** Unix seconds. The host sets this clock: it serves hygiene and labels, never the decision to release a key. */
export type Clock = () => number;
/** Cryptographically secure random bytes. */
export type Random = (length: number) => Bytes;

/** The worker's keys, made at boot, held in memory only. */
export interface WorkerKeys {
  readonly identity: WorkerIdentity;
  readonly signing: SigningKey;
  /** secp256k1 private key, 32 bytes: signs what the ledger checks. */
  readonly ledger: Bytes;
}

/** Everything a worker reaches the world through. */
export interface WorkerPorts {
  readonly api: WorkerApi;
  readonly collector: Collector;
  readonly prover: Prover;
  /** Whether this worker has what it takes to prove datasets' statements too; not by default. */
  readonly provesDatasets?: boolean;
  /** The verification keys whose hashes are inside the measured bundle. */
  readonly pinnedKeys: PinnedKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** KEM of the one-job keys. */
  readonly hpkeSuite: HpkeSuite;
  readonly log: WorkerLog;
  readonly limits: WorkerLimits;
}

export interface WorkerLimits {
  readonly heartbeatMs: number;
  readonly leaseWaitSeconds: number;
  /** Pause after a failed poll for work. */
  readonly pollPauseMs: number;
  /** How long to wait for a broker's challenge, and again for its reply. */
  readonly brokerWaitSeconds: number;
}

export const DEFAULT_LIMITS: WorkerLimits = { heartbeatMs: 10_000, leaseWaitSeconds: 20, pollPauseMs: 2_000, brokerWaitSeconds: 60 };

/** One line an event; only ids, codes, phases and times may be in it. */
export type WorkerLog = (level: LogLevel, event: string, facts: Readonly<Record<string, string | number | boolean>>) => void;
