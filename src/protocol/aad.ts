// What each HPKE box is bound to: its info string and its AAD (docs/protocol.md 10).
import { lp, type Bytes } from "./bytes.js";
import { idBytes, type DatasetManifestId, type JobId, type KeyChallengeId, type KeyRequestId, type LedgerAddress, type ObjectId, type PartyKey } from "./ids.js";

export const KEY_RELEASE_INFO = "veritee/key-release/v1";
export const RESULT_INFO = "veritee/result/v1";

export interface KeyReleaseContext {
  readonly request: KeyRequestId;
  readonly challenge: KeyChallengeId;
  readonly holder: PartyKey;
  readonly subject: ObjectId;
  readonly job: JobId;
}

export const keyReleaseAad = (c: KeyReleaseContext): Bytes =>
  lp(idBytes(c.request), idBytes(c.challenge), idBytes(c.holder), idBytes(c.subject), idBytes(c.job));

export const ENDORSEMENT_INFO = "veritee/endorsement-request/v1";
export const endorsementAad = (dataset: DatasetManifestId, source: LedgerAddress): Bytes => lp(idBytes(dataset), idBytes(source));

export const resultAad = (job: JobId, recipient: PartyKey): Bytes => lp(idBytes(job), idBytes(recipient));
