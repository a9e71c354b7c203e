import { concat, lp, u32be, type Bytes } from "./bytes.js";
import { ensure } from "./errors.js";
import { sha256, sha512 } from "./hash.js";
import { idBytes, type JobId, type ObjectId } from "./ids.js";
import type { HpkeKey, WorkerIdentity } from "./objects/parts.js";

/** What evidence is bound to (docs/protocol.md 9). `release` is absent when a worker registers its keys. */
export interface ReportBinding {
  readonly nonce: Bytes;
  readonly worker: WorkerIdentity;
  readonly release: { readonly replyKey: HpkeKey; readonly policyId: ObjectId; readonly job: JobId } | undefined;
}

const EMPTY = new Uint8Array();

/** The 64 bytes of REPORT_DATA. @throws input_invalid on a nonce that is not 32 bytes */
export function reportData(binding: ReportBinding): Bytes {
  const { nonce, worker, release } = binding;
  ensure(nonce.length === 32, "input_invalid", "a nonce is 32 bytes", { length: nonce.length });
  const identity = sha256(concat(idBytes(worker.signingKey), idBytes(worker.ledgerAddress)));
  const replyKey = release === undefined ? EMPTY : sha256(concat(u32be(release.replyKey.suite), release.replyKey.publicKey));
  const policyId = release === undefined ? EMPTY : idBytes(release.policyId);
  const job = release === undefined ? EMPTY : idBytes(release.job);
  return sha512(lp("veritee/report-data/v1", nonce, replyKey, identity, policyId, job));
}
