import { mkdir, open, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { SigningKey } from "../../protocol/dsse.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { JobId, ObjectId, PartyKey } from "../../protocol/ids.js";
import { readFileIfPresent, syncFolder, writeFileAtomic } from "../atomic-file.js";
import { acquireLock } from "../file-lock.js";
import type { ReleaseRecorder } from "../ports.js";
import { emptyHead, formatLine, sha256Hex, type ReleaseEntry, type ReleaseEvent } from "./entry.js";
import { verifyReleaseLog, type LogHead, type VerifiedLog } from "./verify.js";

const LOG = "release-log.jsonl";
const HEAD = "release-log.head";
const headSchema = z.strictObject({ seq: z.int().nonnegative(), hash: z.string() });

/** A broker's own log of every release and refusal: append only, chained, signed, on disk before the key leaves. */
export class ReleaseLog implements ReleaseRecorder {
  readonly #jobs = new Map<ObjectId, Set<JobId>>();
  readonly #releases = new Map<ObjectId, number>();
  readonly #evidence = new Set<string>();
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
      const { entries, head } = await readReleaseLog(folder, owner.publicKey);
      const file = await open(join(folder, LOG), "a", 0o600);
      await syncFolder(folder);
      const log = new ReleaseLog(folder, owner, file, unlock, head);
      entries.forEach((entry) => log.#note(entry));
      return log;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  get head(): LogHead {
    return this.last;
  }

  /** Resolves when the line is on disk. After a failed write every later append fails: reopen to see what was written. */
  append(event: ReleaseEvent): Promise<void> {
    const turn = this.#turn.then(() => this.#write(event));
    this.#turn = turn.catch(() => undefined);
    return turn;
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

  async #write(event: ReleaseEvent): Promise<void> {
    ensure(!this.#failed, "store_failed", "the release log could not be written; no key leaves until it is reopened");
    const entry: ReleaseEntry = { ...event, seq: this.last.seq + 1, prev: this.last.hash };
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
    this.#note(entry);
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

/** A log to hand to an auditor: whole, with its head and whose it is. verifyReleaseLog(text, owner, [head]) checks it. */
export interface ReleaseLogExport {
  readonly format: "veritee-release-log/1";
  readonly owner: PartyKey;
  readonly head: LogHead;
  readonly text: string;
}

/** @throws store_failed when the log does not verify */
export async function exportReleaseLog(folder: string, owner: PartyKey): Promise<ReleaseLogExport> {
  const { head, text } = await readReleaseLog(folder, owner);
  return { format: "veritee-release-log/1", owner, head, text };
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
