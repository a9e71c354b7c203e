import { VeriteeError } from "../protocol/errors.js";
import type { ObjectId, PartyKey } from "../protocol/ids.js";
import { releaseHead, type LogHead } from "../protocol/owner-statement.js";
import type { BrokerApi } from "../transport/api.js";
import type { DestroyedKey } from "./keystore/key-store.js";
import type { Clock } from "./ports.js";
import type { ReleaseLog } from "./release-log/log.js";

/** The coordinator has another head of our log, signed by us: somebody put the log, or our key, to use elsewhere. */
export class LogContradicted extends VeriteeError {
  constructor(line: number) {
    super("store_failed", "the coordinator has another head of this log, signed by us: the log is not the one it was", { line });
  }
}

/** The newest head of this holder's log that the coordinator keeps; none when it keeps none or does not know how. */
export async function notedHeads(api: Pick<BrokerApi, "releaseHeads">, owner: PartyKey): Promise<readonly LogHead[]> {
  const envelopes = await api.releaseHeads().catch((error: unknown) => {
    // A coordinator of an earlier release.
    if (error instanceof VeriteeError && error.code === "not_found") return [];
    throw error;
  });
  // What we did not sign is the coordinator's invention, and no reason to stop.
  return envelopes.flatMap((envelope) => {
    try {
      const head = releaseHead.open(envelope);
      return head.owner === owner ? [head] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Leaves the log's head with the coordinator before a reply goes there, so that a log which was put back to an earlier state is
 * found at its next start, or at its next reply. Once for each head.
 */
export class HeadKeeper {
  #kept = 0;

  constructor(private readonly api: Pick<BrokerApi, "putReleaseHead">, private readonly log: Pick<ReleaseLog, "head" | "signedHead">, private readonly clock: Clock) {}

  /** @throws LogContradicted; other errors of the call, after which the reply waits */
  async keep(): Promise<void> {
    const { seq } = this.log.head;
    if (seq === this.#kept || seq === 0) return;
    try {
      await this.api.putReleaseHead(this.log.signedHead(this.clock()));
    } catch (error) {
      const code = error instanceof VeriteeError ? error.code : "";
      if (code === "conflict") throw new LogContradicted(seq);
      if (code !== "not_found") throw error;
    }
    this.#kept = seq;
  }
}

/** Keys that were destroyed, perhaps by another process, get their signed record in the log. @returns those that are new */
export async function recordDeletions(keys: { destroyed(): Promise<readonly DestroyedKey[]> }, log: ReleaseLog, clock: Clock): Promise<readonly string[]> {
  const fresh = (await keys.destroyed()).filter(({ name }) => !log.isDestroyed(name as ObjectId));
  for (const { name, at, method } of fresh) await log.appendDeletion({ subject: name as ObjectId, destroyedAt: at, method }, clock());
  return fresh.map(({ name }) => name);
}
