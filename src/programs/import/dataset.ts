import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "../../protocol/hash.js";
import type { Bytes } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import type { Terms } from "../terms.js";
import type { ByteStrings } from "./byte-strings.js";
import type { ImportWarning } from "./warnings.js";

/** One applicant's data as read from files. */
export interface ImportedDataset {
  readonly applicant: string;
  readonly terms: Terms;
  /**
   * In file order, with provisional tags: small numbers that tell counterparties apart. Good for aggregates; tagRecords
   * makes what may be committed.
   */
  readonly records: readonly CanonicalRecord[];
  /** the counterparty of provisional tag t is number t - 1 */
  readonly counterparties: ByteStrings;
  /** of all files read for it */
  readonly warnings: readonly ImportWarning[];
}

export interface TaggedRecords {
  readonly records: CanonicalRecord[];
  /** the key drawn: it stays with the owner, who can recompute tags with it */
  readonly tagKey: Bytes;
}

const ATTEMPTS = 8;

/** First 48 bits of HMAC-SHA256(key, counterparty) (docs/protocol.md 3). */
export function counterpartyTag(tagKey: Bytes, counterparty: Bytes): number {
  return hmac(sha256, tagKey, counterparty).subarray(0, 6).reduce((tag, byte) => tag * 256 + byte, 0);
}

/** Tags of the counterparties, or undefined when two are equal or one is 0. */
function tagsUnder(tagKey: Bytes, provisional: ReadonlySet<number>, names: ByteStrings): Map<number, number> | undefined {
  const tags = new Map([...provisional].map((p) => [p, counterpartyTag(tagKey, names.bytes(p - 1))]));
  const distinct = new Set(tags.values());
  return distinct.size === provisional.size && !distinct.has(0) ? tags : undefined;
}

/**
 * The records with keyed tags, so that nobody without the key can test for a counterparty. `drawKey` gives 32 random bytes;
 * it is asked again when tags collide (about 2^-16 at 2^16 counterparties).
 */
export function tagRecords(dataset: ImportedDataset, drawKey: () => Bytes): TaggedRecords {
  const provisional = new Set(dataset.records.map((r) => r.tag).filter((t) => t !== 0));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const tagKey = drawKey();
    const tags = tagsUnder(tagKey, provisional, dataset.counterparties);
    if (tags === undefined) continue;
    return { tagKey, records: dataset.records.map((r) => ({ ...r, tag: tags.get(r.tag) ?? 0 })) };
  }
  throw new VeriteeError("internal", "counterparty tags keep colliding", { attempts: ATTEMPTS });
}
