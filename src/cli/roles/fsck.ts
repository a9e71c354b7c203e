import { join } from "node:path";
import { readReleaseLog } from "../../broker/release-log/log.js";
import type { Deployment } from "../../chain/ports.js";
import { openReader } from "../../chain/reader.js";
import { effectsOf } from "../../chain/relay.js";
import { openExistingBlobs, type BlobStore } from "../../coordinator/blobs/open.js";
import type { BlobSettings } from "../../coordinator/blobs/settings.js";
import { DEFAULT_LIMITS } from "../../coordinator/queue/limits.js";
import { openExistingStore, type DatabaseConfig } from "../../coordinator/store/open.js";
import type { Finding } from "../../fsck/finding.js";
import { fsck } from "../../fsck/fsck.js";
import { repair, type Repaired } from "../../fsck/repair.js";
import type { BrokerLog } from "../../fsck/scene.js";
import { partyKey } from "../../protocol/ids.js";
import { readParty } from "./home.js";
import { clock } from "./system.js";

export interface FsckRequest {
  /** The coordinator's folder: the embedded store, and the blobs unless they are in a bucket. */
  readonly stateDir: string;
  readonly database?: DatabaseConfig;
  readonly blobs?: BlobSettings;
  /** Of parties whose release logs are compared. */
  readonly homes?: readonly string[];
  readonly ledger?: { readonly rpcUrl: string; readonly deployment: Deployment } | undefined;
  readonly running?: boolean;
  readonly graceSeconds?: number;
  readonly repair?: boolean;
}

export interface FsckReport {
  readonly clean: boolean;
  /** What is there now: after the repairs, if any. */
  readonly findings: readonly Finding[];
  readonly repaired: readonly Repaired[];
}

/** @throws not_found, store_locked (a coordinator runs on the embedded store), store_failed, chain_unavailable */
export async function checkCoordinatorStore(request: FsckRequest): Promise<FsckReport> {
  const { stateDir, database = { kind: "pglite" }, ledger, running = false, graceSeconds } = request;
  const logs = await Promise.all((request.homes ?? []).map(brokerLog));
  const view = ledger === undefined ? undefined : effectsOf(await openReader(ledger.rpcUrl, ledger.deployment));
  const db = await openExistingStore(stateDir, database);
  let store: BlobStore | undefined;
  try {
    store = await openExistingBlobs(request.blobs ?? { kind: "folder" }, join(stateDir, "blobs"));
    const parts = { db, blobs: store.shelf, ledger: view, logs, running, ...(graceSeconds === undefined ? {} : { graceSeconds }) };
    const findings = await fsck(parts);
    if (request.repair !== true) return { clean: findings.length === 0, findings, repaired: [] };
    const repaired = await repair({ ...parts, limits: DEFAULT_LIMITS, now: clock() }, findings);
    const left = await fsck(parts);
    return { clean: left.length === 0, findings: left, repaired };
  } finally {
    await db.destroy();
    store?.close();
  }
}

async function brokerLog(home: string): Promise<BrokerLog> {
  const holder = partyKey((await readParty(home)).publicKey);
  return { holder, read: async () => (await readReleaseLog(home, holder)).entries };
}
