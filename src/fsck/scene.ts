import type { ReleaseEntry } from "../broker/release-log/entry.js";
import type { ChainPort } from "../coordinator/chain-port.js";
import type { Db } from "../coordinator/store/schema.js";
import type { PartyKey } from "../protocol/ids.js";
import type { BlobShelf } from "../coordinator/blobs/blobs.js";
import type { Finding } from "./finding.js";

/** What is asked of the ledger. Nothing here can send. */
export type LedgerView = Pick<ChainPort, "block" | "leaf" | "provedLeaf" | "isModelRegistered" | "isWorkerRegistered" | "receipt">;

/** One broker's release log. */
export interface BrokerLog {
  readonly holder: PartyKey;
  /** @throws store_failed when the log does not verify */
  read(): Promise<readonly ReleaseEntry[]>;
}

/** A log with what it said before the store was looked at: a release that is there must be known to the store. */
export interface SeenLog extends BrokerLog { readonly before: readonly ReleaseEntry[] }

/** What the checks look at. What is not given is not checked. */
export interface Scene {
  /** One snapshot of the store: a coordinator that is running meanwhile contradicts nothing. */
  readonly db: Db;
  readonly blobs: BlobShelf | undefined;
  readonly ledger: LedgerView | undefined;
  readonly logs: readonly SeenLog[];
  /** What is stale is judged as of this moment. */
  readonly asOf: Date;
  /** How old a blob is at least before it counts as forgotten, in seconds: manifests come after their blobs. */
  readonly graceSeconds: number;
}

/** One thing that must be true. Reads only. */
export type Check = (scene: Scene) => Promise<readonly Finding[]>;

/** The moment so many seconds before the one that staleness is judged at. */
export const before = (scene: Scene, seconds: number): Date => new Date(scene.asOf.getTime() - seconds * 1000);
