import { ask } from "../../outbound/ask.js";
import { utf8 } from "../../protocol/bytes.js";
import { VeriteeError, type ErrorCode } from "../../protocol/errors.js";
import type { Bells } from "../bells.js";
import { errorFields, type Log } from "../log.js";
import { endCallback, postponeCallback, takeCallback } from "../store/callbacks.js";
import { findJob } from "../store/jobs.js";
import type { CallbackRow, Db } from "../store/schema.js";
import type { CallbackRules } from "./settings.js";

export interface CallbackParts { readonly db: Db; readonly bells: Bells; readonly log: Log; readonly callbacks: CallbackRules }

const IDLE_MS = 1000;
const AT_ONCE = 16;
/** A receiver that is slow holds up no more than these. */
const AT_ONCE_A_HOST = 4;
/** What a receiver answers is not read beyond its status. */
const MAX_ANSWER_BYTES = 64 * 1024;
const GONE = 410;

/** Delivers what is due until the signal aborts. At least once: a crash between the answer and our commit repeats the try. */
export async function runCallbacks(parts: CallbackParts, signal: AbortSignal): Promise<void> {
  const underWay = new Map<Promise<void>, string>();
  while (!signal.aborted) {
    try {
      if (underWay.size >= AT_ONCE) await Promise.race(underWay.keys());
      const row = await parts.bells.ask("outbox", IDLE_MS, signal, () => takeCallback(parts.db, busyHosts(underWay)));
      if (row === undefined) continue;
      const trying: Promise<void> = deliver(parts, row, signal)
        .catch((error: unknown) => { parts.log.write("error", "loop_failed", { kind: "callbacks", ...errorFields(error) }); })
        .finally(() => underWay.delete(trying));
      underWay.set(trying, row.host);
    } catch (error) {
      parts.log.write("error", "loop_failed", { kind: "callbacks", ...errorFields(error) });
      await parts.bells.ask("outbox", IDLE_MS, signal, () => Promise.resolve(undefined));
    }
  }
  await Promise.all(underWay.keys());
}

function busyHosts(underWay: ReadonlyMap<Promise<void>, string>): readonly string[] {
  const hosts = [...underWay.values()];
  return [...new Set(hosts)].filter((host) => hosts.filter((h) => h === host).length >= AT_ONCE_A_HOST);
}

async function deliver({ db, log, callbacks }: CallbackParts, row: CallbackRow, signal: AbortSignal): Promise<void> {
  const fields = { job: row.job, tries: row.tries };
  const outcome = await tell(db, row, callbacks, signal);
  if (outcome === undefined) {
    await endCallback(db, row.job, "done", null);
    log.write("info", "callback_done", fields);
  } else if (outcome.final || row.tries >= callbacks.maxTries) {
    await endCallback(db, row.job, "failed", outcome.code);
    log.write("warn", "callback_failed", { ...fields, code: outcome.code });
  } else {
    await postponeCallback(db, row, outcome.code);
    log.write("info", "callback_postponed", { ...fields, code: outcome.code });
  }
}

/** Undefined when the receiver took it. */
async function tell(db: Db, row: CallbackRow, { allow, timeoutMs }: CallbackRules, signal: AbortSignal): Promise<{ code: ErrorCode; final: boolean } | undefined> {
  const state = (await findJob(db, row.job))?.state;
  // No more than the job's platform may ask for anyway, and nothing that a receiver could rely on: it is a hint to ask.
  const body = utf8(JSON.stringify({ event: row.event, job: row.job, state }));
  try {
    const url = allow.read(row.url);
    const headers = { "content-type": "application/json", "user-agent": "veritee-coordinator", "veritee-event": row.event };
    const { status } = await ask({ url, method: "POST", headers, body }, { allow, timeoutMs, maxBytes: MAX_ANSWER_BYTES, signal });
    return status >= 200 && status < 300 ? undefined : { code: "service_unavailable", final: status === GONE };
  } catch (error) {
    // An answer that is too long has come all the same; its status is not known.
    if (error instanceof VeriteeError) return { code: error.code, final: false };
    throw error;
  }
}
