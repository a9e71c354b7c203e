import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { z } from "zod";
import type { Bells, Topic } from "./bells.js";
import type { Log } from "./log.js";

export const CHANNEL = "veritee_bells";
/** Shown by the database beside the connection. */
export const RELAY_NAME = "veritee-bells";
const CONNECT_MS = 10_000;
/** A link that takes a note and does not answer is dead. */
const ANSWER_MS = 5000;
const PAUSE_MS = 1000;
const GOODBYE_MS = 1000;
/** The database takes payloads below 8,000 bytes; a topic has 80 at most. */
const TOPICS_A_NOTE = 64;
/** More than this wait only while the database does not answer: then news has no worth. */
const MAX_PENDING = 4096;

const noteSchema = z.array(z.string().max(80)).max(TOPICS_A_NOTE);

/**
 * Tells the other replicas on the database what is rung here, and rings here what they tell, until the signal aborts. Nothing
 * depends on it: a note that is lost, or a connection that is cut, costs a waiter its next look. A note names topics only,
 * and never more than that something may have changed.
 */
export async function relayBells(url: string, { bells, log }: { readonly bells: Bells; readonly log: Log }, signal: AbortSignal): Promise<void> {
  const notes = new Notes();
  bells.tellOthers((topics) => { notes.add(topics); });
  while (!signal.aborted) {
    await relayOnce(url, bells, notes, signal).catch(() => { log.write("warn", "bells_cut", {}); });
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** As long as one connection lasts. */
async function relayOnce(url: string, bells: Bells, notes: Notes, signal: AbortSignal): Promise<void> {
  const { default: pg } = await import("pg");
  const client: Client = new pg.Client({ connectionString: url, application_name: RELAY_NAME, keepAlive: true, connectionTimeoutMillis: CONNECT_MS, query_timeout: ANSWER_MS });
  let own: number | undefined;
  const cut = new Promise<never>((_, reject) => {
    client.on("error", reject);
    client.on("end", () => { reject(new Error("the connection ended")); });
  });
  cut.catch(() => undefined);
  client.on("notification", ({ processId, payload }) => { if (processId !== own) bells.ringHere(topicsOf(payload)); });
  try {
    await client.connect();
    own = (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
    await client.query(`listen ${CHANNEL}`);
    while (!signal.aborted) {
      await Promise.race([notes.some(signal), cut]);
      const topics = notes.take();
      if (topics.length > 0) await Promise.race([client.query("select pg_notify($1, $2)", [CHANNEL, JSON.stringify(topics)]), cut]);
    }
  } finally {
    // On a link that is half open no answer comes.
    await Promise.race([client.end().catch(() => undefined), sleep(GOODBYE_MS)]);
  }
}

/** Whoever may write to the database may send anything: what is no note, or no topic that somebody waits for, wakes nobody. */
function topicsOf(payload: string | undefined): readonly Topic[] {
  try {
    return noteSchema.parse(JSON.parse(payload ?? "")) as readonly Topic[];
  } catch {
    return [];
  }
}

/** Topics that wait to be told. While one note is on its way the next gathers: a busy replica sends few. */
class Notes {
  readonly #pending = new Set<Topic>();
  #wake: () => void = () => undefined;

  add(topics: readonly Topic[]): void {
    if (this.#pending.size >= MAX_PENDING) this.#pending.clear();
    for (const topic of topics) this.#pending.add(topic);
    this.#wake();
  }

  take(): readonly Topic[] {
    const some = [...this.#pending].slice(0, TOPICS_A_NOTE);
    some.forEach((topic) => this.#pending.delete(topic));
    return some;
  }

  /** Resolves when there are topics, or on abort. */
  some(signal: AbortSignal): Promise<void> {
    if (this.#pending.size > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done);
    });
  }
}
