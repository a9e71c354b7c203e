import { setTimeout as sleep } from "node:timers/promises";
import { VeriteeError } from "../protocol/errors.js";
import { field } from "../protocol/field.js";
import type { ChainPort } from "./chain-port.js";
import type { DiskState } from "./disk.js";
import { isAlarmed } from "./finality/checkpoint.js";
import { oldestDeed } from "./queries/oldest-deed.js";
import { hasRoom } from "./store/room.js";
import type { Db } from "./store/schema.js";

/**
 * Whether requests should come here. Only the store and a stop decide that: without the ledger jobs go on and receipts wait
 * (R10), and sending callers elsewhere would help nobody.
 */
export interface Readiness {
  readonly ok: boolean;
  readonly store: "ok" | "unavailable";
  /** `reorganised`: within the last hour it was, below what had been called final. */
  readonly chain: "ok" | "unavailable" | "reorganised";
  /** `behind`: the oldest deed that waits for the ledger is older than ten minutes. */
  readonly outbox: "ok" | "behind" | "unknown";
  readonly service: "ok" | "stopping";
}

interface Parts {
  readonly db: Db;
  readonly chain: Pick<ChainPort, "leaf">;
  /** Whether the folder of the blobs takes what is written to it, where they are in one. */
  readonly folder?: (() => Promise<DiskState>) | undefined;
  readonly stopping: AbortSignal;
}

const CHECK_MS = 2000;
const BEHIND_SECONDS = 600;
/** Anybody may ask: the store and the node are asked once in this time at most. */
const REMEMBER_MS = 1000;

export class ReadinessCheck {
  readonly #parts: Parts;
  #last: { readonly at: number; readonly answer: Promise<Omit<Readiness, "service" | "ok">> } | undefined;

  #full = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A request failed for the store: what was found before counts no more, and without room requests should not come here until there is some. */
  noteTrouble(code: "storage_full" | "store_failed"): void {
    if (code === "storage_full") this.#full = true;
    this.#last = undefined;
  }

  async look(): Promise<Readiness> {
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > REMEMBER_MS) this.#last = { at: now, answer: this.#ask() };
    const answer = await this.#last.answer;
    const service = this.#parts.stopping.aborted ? "stopping" : "ok";
    return { ok: answer.store === "ok" && service === "ok", ...answer, service };
  }

  async #ask(): Promise<Omit<Readiness, "service" | "ok">> {
    const { db } = this.#parts;
    const [outbox, chain, alarmed] = await Promise.all([inTime(ageOfOldestDeed(db)), inTime(reachable(this.#parts.chain)), inTime(isAlarmed(db))]);
    return {
      store: outbox === undefined || !(await this.#hasRoom()) ? "unavailable" : "ok",
      chain: chain !== true ? "unavailable" : alarmed === true ? "reorganised" : "ok",
      outbox: outbox === undefined ? "unknown" : outbox > BEHIND_SECONDS ? "behind" : "ok",
    };
  }

  async #hasRoom(): Promise<boolean> {
    const { db, folder = (): Promise<DiskState> => Promise.resolve("ok") } = this.#parts;
    if (this.#full) this.#full = (await inTime(hasRoom(db))) !== true || (await inTime(folder())) !== "ok";
    return !this.#full;
  }
}

/** Undefined when it fails or takes too long. */
async function inTime<T>(question: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(CHECK_MS, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([question.catch(() => undefined), late]);
  } finally {
    timer.abort();
  }
}

const ageOfOldestDeed = async (db: Db): Promise<number> => (await oldestDeed().execute(db)).rows[0]?.age ?? 0;

/** Any answer about any leaf will do, a refusal too. */
async function reachable(chain: Parts["chain"]): Promise<boolean> {
  try {
    await chain.leaf(field(1n));
    return true;
  } catch (error) {
    return error instanceof VeriteeError && error.code !== "chain_unavailable";
  }
}
