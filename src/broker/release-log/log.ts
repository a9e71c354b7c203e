import { mkdir, open, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { toBase64 } from "../../protocol/bytes.js";
import { envelopeToBytes, type Envelope, type SigningKey } from "../../protocol/dsse.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { JobId, ObjectId, PartyKey } from "../../protocol/ids.js";
import { readFileIfPresent, syncFolder, writeFileAtomic } from "../atomic-file.js";
import { acquireLock } from "../file-lock.js";
import type { ReleaseRecorder } from "../ports.js";
import { keyDeletion, releaseHead, type LogHead } from "../../protocol/owner-statement.js";
import { emptyHead, formatLine, sha256Hex, type LogEntry, type ReleaseEntry, type ReleaseEvent } from "./entry.js";
import { verifyReleaseLog, type VerifiedLog } from "./verify.js";

const LOG = "release-log.jsonl";
const HEAD = "release-log.head";
const headSchema = z.strictObject({ seq: z.int().nonnegative(), hash: z.string() });

/** A broker's own log of every release and refusal: append only, chained, signed, on disk before the key leaves. */
export class ReleaseLog implements ReleaseRecorder {
  readonly #jobs = new Map<ObjectId, Set<JobId>>();
  readonly #releases = new Map<ObjectId, number>();
  readonly #evidence = new Set<string>();
  readonly #destroyed = new Set<ObjectId>();
  #turn: Promise<unknown> = Promise.resolve();
  #failed = false;

  private constructor(
    private readonly folder: string,
    private readonly owner: SigningKey,
    private readonly file: FileHandle,
    private readonly unlock: () => Promise<void>,
    private last: LogHead,
  ) {}

  /** Takes the folder's lock and checks the whole log. @throws store_locked, store_failed */
  static async open(folder: string, owner: SigningKey): Promise<ReleaseLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unlock = await acquireLock(join(folder, "release-log.lock"), 0);
    try {
      await dropTornLine(folder);
      const { entries, deletions, head } = await readReleaseLog(folder, owner.publicKey);
      const file = await open(join(folder, LOG), "a", 0o600);
      await syncFolder(folder);
      const log = new ReleaseLog(folder, owner, file, unlock, head);
      entries.forEach((entry) => log.#note(entry));
      for (const { subject } of deletions.values()) log.#destroyed.add(subject);
      return log;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  get head(): LogHead {
    return this.last;
  }

  /** The head as its owner says it to others. */
  signedHead(now: number): Envelope {
    return releaseHead.sign({ ...this.last, at: now }, this.owner);
  }

  /**
   * Resolves when the line is on disk. After a failed write every later append fails: reopen to see what was written.
   * @throws key_destroyed for a release of a key that this log says is destroyed, store_failed
   */
  append(event: ReleaseEvent): Promise<void> {
    return this.#inTurn(async () => {
      ensure(event.outcome === "refused" || !this.isDestroyed(event.subject), "key_destroyed", "the key was destroyed", { subject: event.subject });
      const entry: ReleaseEntry = { ...event, ...this.#next() };
      await this.#write(entry);
      this.#note(entry);
    });
  }

  /** Signs and keeps a record that a key is destroyed, which it is by now; no release of it can follow. Once: again is nothing. */
  appendDeletion(deletion: { readonly subject: ObjectId; readonly destroyedAt: number; readonly method: string }, now: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.isDestroyed(deletion.subject)) return;
      const record = toBase64(envelopeToBytes(keyDeletion.sign({ ...deletion, log: this.last }, this.owner)));
      await this.#write({ ...this.#next(), at: now, outcome: "destroyed", subject: deletion.subject, record });
      this.#destroyed.add(deletion.subject);
    });
  }

  isDestroyed(subject: ObjectId): boolean {
    return this.#destroyed.has(subject);
  }

  jobsUnder(policy: ObjectId): ReadonlySet<JobId> {
    return this.#jobs.get(policy) ?? new Set();
  }

  releasesUnder(policy: ObjectId): number {
    return this.#releases.get(policy) ?? 0;
  }

  hasEvidence(digest: string): boolean {
    return this.#evidence.has(digest);
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.file.close();
    await this.unlock();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #next(): { readonly seq: number; readonly prev: string } {
    return { seq: this.last.seq + 1, prev: this.last.hash };
  }

  async #write(entry: LogEntry): Promise<void> {
    ensure(!this.#failed, "store_failed", "the release log could not be written; no key leaves until it is reopened");
    const line = formatLine(entry, this.owner);
    try {
      await this.file.appendFile(`${line}\n`);
      await this.file.sync();
      this.last = { seq: entry.seq, hash: sha256Hex(line) };
      await writeFileAtomic(join(this.folder, HEAD), JSON.stringify(this.last));
    } catch (cause) {
      this.#failed = true;
      throw new VeriteeError("store_failed", "cannot write the release log", { folder: this.folder }, { cause });
    }
  }

  #note(entry: ReleaseEntry): void {
    if (entry.evidence !== undefined) this.#evidence.add(entry.evidence.digest);
    if (entry.outcome !== "released" || entry.policy === undefined) return;
    const jobs = this.#jobs.get(entry.policy) ?? new Set();
    this.#jobs.set(entry.policy, jobs.add(entry.job));
    this.#releases.set(entry.policy, this.releasesUnder(entry.policy) + 1);
  }
}

/**
 * The log of a folder, checked against its head file and any heads that were noted elsewhere. Safe beside a running broker.
 * @throws store_failed
 */
export async function readReleaseLog(folder: string, owner: PartyKey, noted: readonly LogHead[] = []): Promise<VerifiedLog> {
  // Heads are read before and after, so that lines which a running broker appends meanwhile are no contradiction.
  const before = await readHead(folder, owner);
  const text = (await readFileIfPresent(join(folder, LOG)))?.toString("utf8") ?? "";
  const log = verifyReleaseLog(text, owner, [...noted, before]);
  // A line is written before its head: a process that died between the two leaves the head one line behind, never more.
  const after = await readHead(folder, owner);
  ensure(log.head.seq <= after.seq + 1, "store_failed", "the release log's head file is missing or old", { lines: log.head.seq, head: after.seq });
  return log;
}

async function readHead(folder: string, owner: PartyKey): Promise<LogHead> {
  const content = await readFileIfPresent(join(folder, HEAD));
  if (content === undefined) return { seq: 0, hash: emptyHead(owner) };
  try {
    return headSchema.parse(JSON.parse(content.toString("utf8")));
  } catch (cause) {
    throw new VeriteeError("store_failed", "the release log's head file is damaged", {}, { cause });
  }
}

/** What a process leaves that died while writing a line: its key never left. A whole line that was cut is found by the head. */
async function dropTornLine(folder: string): Promise<void> {
  const content = await readFileIfPresent(join(folder, LOG));
  if (content !== undefined) await truncate(join(folder, LOG), content.lastIndexOf("\n") + 1);
}
