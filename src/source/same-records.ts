import { toHex, utf8 } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { sha256 } from "../protocol/hash.js";
import { encodeRecord, type CanonicalRecord } from "../protocol/records.js";

/**
 * Checks that two sets of records are the same but for the tags, which stand for the same counterparties under other names:
 * the records of each counterparty in one are those of some counterparty in the other. A record too few, too many or
 * changed, or one moved to another counterparty, is found.
 * @param groupOf what tells counterparties apart, e.g. direction and tag where customers and suppliers have names of their own
 * @throws endorsement_refused with the first difference in numbers
 */
export function ensureSameRecords(claimed: readonly CanonicalRecord[], own: readonly CanonicalRecord[], groupOf: (record: CanonicalRecord) => string): void {
  ensure(claimed.length === own.length, "endorsement_refused", "the dataset has another number of records than the source", { claimed: claimed.length, own: own.length });
  const [a, b] = [fingerprints(claimed, groupOf), fingerprints(own, groupOf)];
  const differing = [...a].filter(([print, n]) => b.get(print) !== n).length;
  ensure(a.size === b.size && differing === 0, "endorsement_refused", "the dataset's records are not the source's", { counterparties: a.size, differing });
}

const NONE = "none";

/** How many counterparties have exactly these records, by digest. Records without a counterparty (tag 0) are a group of their own. */
function fingerprints(records: readonly CanonicalRecord[], groupOf: (record: CanonicalRecord) => string): Map<string, number> {
  const groups = new Map<string, string[]>();
  for (const record of records) {
    const key = record.tag === 0 ? NONE : groupOf(record);
    const group = groups.get(key) ?? [];
    group.push(toHex(encodeRecord({ ...record, tag: 0 })));
    groups.set(key, group);
  }
  const counts = new Map<string, number>();
  for (const [key, group] of groups) {
    const print = `${key === NONE} ${toHex(sha256(utf8(group.sort().join())))}`;
    counts.set(print, (counts.get(print) ?? 0) + 1);
  }
  return counts;
}
