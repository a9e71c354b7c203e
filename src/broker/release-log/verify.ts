import { ensure } from "../../protocol/errors.js";
import type { PartyKey } from "../../protocol/ids.js";
import { emptyHead, ownerKey, parseLine, sha256Hex, type ReleaseEntry } from "./entry.js";

/** The last line of a log: how many lines, and the SHA-256 of the last one. */
export interface LogHead { readonly seq: number; readonly hash: string }

export interface VerifiedLog {
  readonly entries: readonly ReleaseEntry[];
  readonly head: LogHead;
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
  for (const head of noted) {
    ensure(head.seq <= lines.length, "store_failed", "the release log has been cut", { lines: lines.length, noted: head.seq });
    ensure(hashes[head.seq] === head.hash, "store_failed", "the release log is another than the one that was noted", { line: head.seq });
  }
  return { entries, head: { seq: lines.length, hash: hashes[lines.length] as string }, text };
}
