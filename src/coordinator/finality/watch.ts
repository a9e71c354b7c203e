import { setTimeout as sleep } from "node:timers/promises";
import { VeriteeError } from "../../protocol/errors.js";
import type { Bells } from "../bells.js";
import type { BlockRef } from "../chain-port.js";
import { errorFields, type Log } from "../log.js";
import { Canon } from "./canon.js";
import { adoptLedger, confirmDeeds, ledgerName, readCheckpoint, saveWatch } from "./checkpoint.js";
import { deedsIn, finalBlocks, followedBlocks, type HeldBlock } from "./followed.js";
import { retract, type RetractParts } from "./retract.js";

export interface WatchParts extends RetractParts {
  readonly bells: Bells;
  readonly log: Log;
  /** Blocks above a deed's own that make it final. */
  readonly confirmations: number;
  readonly watchMs: number;
}

const ASKED_AT_ONCE = 8;
/** Blocks that are looked at together on the way down to the last one that stands. */
const STRIDE = 32;

/** Follows the chain until the signal aborts; a node that is away is asked again. */
export async function runWatcher(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const watcher = new Watcher(parts);
  while (!signal.aborted) {
    try {
      await watcher.look();
    } catch (error) {
      if (!(error instanceof VeriteeError) || error.code !== "chain_unavailable") parts.log.write("error", "loop_failed", { kind: "watcher", ...errorFields(error) });
    }
    await sleep(parts.watchMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Looks whether what is settled is still on the ledger. A deed with enough blocks above it becomes final; one whose block is
 * gone is followed to its new block, or planned again. It asks for the blocks of deeds that are not final and for one block
 * more, the checkpoint: if that is gone, the chain was reorganised below what was final. Replicas may look at once.
 */
export class Watcher {
  readonly #parts: WatchParts;
  readonly #canon: Canon;
  readonly #ledger: string;
  #isAdopted = false;
  /** Hash of the head that was noted last. */
  #saved: string | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#canon = new Canon(parts.chain);
    this.#ledger = ledgerName(parts.chain.deployment);
  }

  /** @throws chain_unavailable, store_failed */
  async look(): Promise<void> {
    const { db, confirmations, log } = this.#parts;
    await this.#adopted();
    const before = await readCheckpoint(db, this.#ledger);
    const followed = await followedBlocks(db);
    const head = await this.#canon.renew();
    if (head.hash === this.#saved && followed.length === 0) return;
    const { standing, gone } = await this.#sort(followed);
    const alarm = before !== undefined && await this.#isGone(before);
    const lost = alarm ? await this.#lostFinal(before.number) : [];
    const depth = head.number - confirmations;
    const checkpoint = await this.#checkpoint(depth, before, alarm);
    // Answers of two chains mixed up prove nothing. The next look is soon.
    if (!(await this.#canon.stands())) return;

    if (alarm) log.write("error", "reorganised_beyond_final", { depth: head.number - Math.min(before.number, ...lost.map((block) => block.number)) + 1, count: lost.length });
    for (const block of lost) await this.#retract(block, true);
    // Before anything below it is called final, so that no loss of what is final goes unnoticed.
    await this.#save(head, before, checkpoint, alarm);
    await this.#confirm(standing.filter((block) => block.number <= depth));
    for (const block of gone) await this.#retract(block, false);
    this.#canon.trim(Math.min(depth, ...standing.map((block) => block.number)));
  }

  /** A block above the head is left alone: the node may lag. */
  async #sort(blocks: readonly HeldBlock[]): Promise<{ standing: HeldBlock[]; gone: HeldBlock[] }> {
    const [standing, gone]: [HeldBlock[], HeldBlock[]] = [[], []];
    for (let i = 0; i < blocks.length; i += ASKED_AT_ONCE) {
      const some = blocks.slice(i, i + ASKED_AT_ONCE);
      const hashes = await Promise.all(some.map((block) => this.#canon.hashAt(block.number)));
      some.forEach((block, at) => {
        if (hashes[at] !== undefined) (hashes[at] === block.hash ? standing : gone).push(block);
      });
    }
    return { standing, gone };
  }

  async #isGone({ number, hash }: HeldBlock): Promise<boolean> {
    const actual = await this.#canon.hashAt(number);
    return actual !== undefined && actual !== hash;
  }

  /** Final deeds' blocks that are gone: from the checkpoint down to the first that stands, below which all do. */
  async #lostFinal(from: number): Promise<readonly HeldBlock[]> {
    const lost: HeldBlock[] = [];
    for (let next = from; ;) {
      const blocks = await finalBlocks(this.#parts.db, next, STRIDE);
      const { standing, gone } = await this.#sort(blocks);
      lost.push(...gone);
      const last = blocks.at(-1);
      if (standing.length > 0 || last === undefined || blocks.length < STRIDE) return lost;
      next = last.number - 1;
    }
  }

  /** It moves up only, unless what it says is no longer so. */
  async #checkpoint(depth: number, before: HeldBlock | undefined, alarm: boolean): Promise<HeldBlock | undefined> {
    if (depth < 0 || (before !== undefined && !alarm && depth <= before.number)) return alarm ? undefined : before;
    const hash = await this.#canon.hashAt(depth);
    return hash === undefined ? before : { number: depth, hash };
  }

  async #confirm(blocks: readonly HeldBlock[]): Promise<void> {
    const { db, log, bells } = this.#parts;
    const { deeds, jobs } = await confirmDeeds(db, blocks);
    if (deeds === 0) return;
    log.write("info", "sends_final", { count: deeds });
    bells.ring(...jobs.map((job) => `job:${job}` as const));
  }

  async #retract(block: HeldBlock, final: boolean): Promise<void> {
    const { db, log, bells } = this.#parts;
    for (const row of await deedsIn(db, block, final)) {
      const done = await retract(this.#parts, row);
      if (done === undefined) continue;
      const { send, became } = done;
      log.write("warn", "send_retracted", { kind: send.kind, state: became, ...(send.kind === "submit_receipt" ? { job: send.subject } : {}) });
      bells.ring("outbox");
      if (send.kind === "submit_receipt") bells.ring(`job:${send.subject}`);
    }
  }

  async #save(head: BlockRef, before: HeldBlock | undefined, checkpoint: HeldBlock | undefined, alarm: boolean): Promise<void> {
    if (head.hash === this.#saved && !alarm && checkpoint?.hash === before?.hash) return;
    await saveWatch(this.#parts.db, this.#ledger, head, checkpoint, alarm);
    this.#saved = head.hash;
  }

  async #adopted(): Promise<void> {
    if (this.#isAdopted) return;
    await adoptLedger(this.#parts.db, this.#ledger);
    this.#isAdopted = true;
  }
}
