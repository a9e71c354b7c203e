import { ensure } from "../../protocol/errors.js";
import { fromBase64 } from "../../protocol/bytes.js";
import type { ObjectId, PartyKey } from "../../protocol/ids.js";
import { keyDeletion, type KeyDeletion, type LogHead } from "../../protocol/owner-statement.js";
import { emptyHead, ownerKey, parseLine, sha256Hex, type DeletionEntry, type LogEntry, type ReleaseEntry } from "./entry.js";

export interface VerifiedLog {
  /** Decisions about key requests, in order. */
  readonly entries: readonly ReleaseEntry[];
  /** Records of keys that were destroyed, by the line they are in. */
  readonly deletions: ReadonlyMap<number, KeyDeletion>;
  readonly head: LogHead;
  /** The hash of each line, after that of the empty chain. */
  readonly hashes: readonly string[];
  /** As it was read. */
  readonly text: string;
}

/**
 * Checks a release log from its first line to its last. What is sound and what is not:
 * - A line that was edited, inserted, moved, or removed from before the last is always found: every line is signed by the
 *   owner and holds the hash of the line before.
 * - Lines removed from the end are found by comparing with a head that was noted earlier. The head file beside the log
 *   finds it when the log alone was cut; who can write both files can cut both, and only a head kept elsewhere
 *   (`noted`: printed, mailed, held by an auditor) finds that.
 *
 * @param noted heads that this log must contain
 * @throws store_failed naming the line
 */
export function verifyReleaseLog(text: string, owner: PartyKey, noted: readonly LogHead[] = []): VerifiedLog {
  const lines = text.split("\n");
  ensure(lines.pop() === "", "store_failed", "the release log does not end with a whole line", { lines: lines.length + 1 });
  const hashes = [emptyHead(owner), ...lines.map(sha256Hex)];
  const key = ownerKey(owner);
  const entries = lines.map((line, i) => {
    const entry = parseLine(line, i + 1, key);
    ensure(entry.seq === i + 1 && entry.prev === hashes[i], "store_failed", "the release log is broken: a line is missing, moved or edited", { line: i + 1 });
    return entry;
  });
  const deletions = checkDeletions(entries, owner, hashes);
  for (const head of noted) {
    ensure(head.seq <= lines.length, "store_failed", "the release log has been cut", { lines: lines.length, noted: head.seq });
    ensure(hashes[head.seq] === head.hash, "store_failed", "the release log is another than the one that was noted", { line: head.seq });
  }
  const head = { seq: lines.length, hash: hashes[lines.length] as string };
  return { entries: entries.filter((entry) => entry.outcome !== "destroyed"), deletions, head, hashes, text };
}

/** Each record is of its own line and place, and no release follows the destruction of its key. */
function checkDeletions(entries: readonly LogEntry[], owner: PartyKey, hashes: readonly string[]): ReadonlyMap<number, KeyDeletion> {
  const deletions = new Map<number, KeyDeletion>();
  const gone = new Map<ObjectId, number>();
  for (const entry of entries) {
    if (entry.outcome === "destroyed") {
      deletions.set(entry.seq, openDeletion(entry, owner, hashes));
      gone.set(entry.subject, gone.get(entry.subject) ?? entry.seq);
    }
    const destroyed = entry.outcome === "released" ? gone.get(entry.subject) : undefined;
    ensure(destroyed === undefined, "store_failed", "the release log has a release of a key after its destruction", { line: entry.seq, destroyed: destroyed ?? 0 });
  }
  return deletions;
}

function openDeletion({ seq, subject, record }: DeletionEntry, owner: PartyKey, hashes: readonly string[]): KeyDeletion {
  const deletion = keyDeletion.open(fromBase64(record));
  const own = deletion.owner === owner && deletion.subject === subject && deletion.log.seq === seq - 1 && deletion.log.hash === hashes[seq - 1];
  ensure(own, "store_failed", "the release log has a deletion record of another key or place", { line: seq });
  return deletion;
}
