import type { Answer } from "./answers.js";
import { bumpedFees, firstFees, isEnough, type Market } from "./fees.js";
import type { Reserved, Transaction, TransactionJournal, Version } from "./journal.js";
import type { Sight, TransactionNode } from "./node.js";
import type { SendingRules } from "./pace.js";
import { payloadDigest, type Payload, type Signer, type Terms } from "./signer.js";

/** What the keeper did about a transaction, or found out. */
export type KeeperEvent =
  | "resend" // the node did not know it
  | "bump" // a version with a higher fee
  | "cap" // it needs more than the cap allows, and waits
  | "foreign" // somebody else used its nonce
  | "back" // the chain went back before it
  | "fill"; // a nonce that nothing would have used is used up

export interface KeeperParts {
  readonly node: TransactionNode;
  readonly journal: TransactionJournal;
  readonly signer: Signer;
  readonly rules: SendingRules;
  readonly told: (event: KeeperEvent, nonce: number) => void;
}

/** Of what was signed and not sent: its sender may have died between the two. */
const SEND_AGAIN_SECONDS = 2;
/** How often the node is asked for the account's nonce while nothing is live: the chain may go back. */
const IDLE_LOOK_MS = 15_000;

type View = Pick<Sight, "market" | "height">;

/**
 * Signs, keeps, sends and looks after one account's transactions until each is in a block. Several keepers may share a
 * journal; what they do at once is done once.
 */
export class TransactionKeeper {
  readonly #parts: KeeperParts;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #round: Promise<void> | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Sends a call under the next nonce, unless a live transaction makes it already. `answer` is the node's to a fresh one. */
  async submit(payload: Payload): Promise<Reserved & { readonly answer: Answer | undefined }> {
    const { node, journal, signer } = this.#parts;
    // The chain went back, so the same call may be about to go again: it is to be found under way.
    if ((await journal.unused(await node.pending())).length > 0) await this.#lookAt(await journal.take());
    const view = await node.market();
    const reserved = await journal.reserve(payloadDigest(payload), node.pending, (nonce) => signer.sign(payload, this.#first(nonce, view)));
    return { ...reserved, answer: reserved.fresh ? await this.#send(reserved.transaction, view) : undefined };
  }

  /** One look at everything that is live. Callers at the same time share one. @throws what the node's client throws */
  round(): Promise<void> {
    return (this.#round ??= this.#look().finally(() => { this.#round = undefined; }));
  }

  async #look(): Promise<void> {
    const due = await this.#parts.journal.take();
    if (due.length > 0 || performance.now() - this.#lookedAt >= IDLE_LOOK_MS) await this.#lookAt(due);
  }

  async #lookAt(due: readonly Transaction[]): Promise<void> {
    const { journal, node } = this.#parts;
    const sight = await node.look();
    this.#lookedAt = performance.now();
    for (const transaction of await journal.unused(sight.mined)) await this.#goBack(transaction, sight);
    for (const nonce of await journal.gaps(sight.pending)) await this.#fillGap(nonce, sight);
    const lowest = await journal.lowest();
    for (const transaction of due) await this.#tend(transaction, sight, transaction.nonce === lowest);
  }

  async #tend(transaction: Transaction, sight: Sight, isNext: boolean): Promise<void> {
    const { node, journal, rules } = this.#parts;
    const { version, nonce, state, quietSeconds, ageSeconds } = transaction;
    if (nonce < sight.mined) return this.#settle(transaction);
    if (version === undefined) return;
    // Behind a lower nonce a higher fee helps only where the fee is what keeps both out.
    const wantsMore = isNext || !isEnough(version.fees, sight.market);
    const overdue = wantsMore && ageSeconds >= rules.feeBumpSeconds && sight.height !== version.height;
    if (state === "sent" && overdue && await this.#bump(transaction, sight)) return;
    if (quietSeconds < (state === "signed" ? SEND_AGAIN_SECONDS : rules.resendSeconds)) return;
    if (state === "sent" && await node.knows(version.hash)) return journal.tried(transaction);
    this.#tell("resend", transaction);
    const answer = await this.#send(transaction, sight);
    // What no node has taken so far goes as it is first; a better one may hold its place in the pool.
    if (state === "signed" && answer !== "taken" && overdue) await this.#bump(transaction, sight);
  }

  /** Its nonce is used: by one of its versions, or by somebody else. */
  async #settle(transaction: Transaction): Promise<void> {
    const { node, journal, rules } = this.#parts;
    for (const hash of transaction.hashes.toReversed()) {
      const receipt = await node.receipt(hash);
      if (receipt !== undefined) return journal.mined(transaction, { hash, block: Number(receipt.blockNumber) });
    }
    if (transaction.unseenSeconds < rules.foreignSeconds) return journal.unseen(transaction);
    await journal.foreign(transaction);
    this.#tell("foreign", transaction);
  }

  async #send(transaction: Transaction, view: View): Promise<Answer> {
    const { node, journal } = this.#parts;
    const { raw, fees } = transaction.version as Version;
    const answer = await node.send(raw);
    if (answer === "taken") await journal.sent(transaction);
    else await journal.tried(transaction);
    if (answer === "fee_low" && !isEnough(fees, view.market)) await this.#bump(transaction, view);
    if (answer === "never") await this.#replace(transaction, view, "fill");
    return answer;
  }

  /** False when the cap has no room. */
  async #bump(transaction: Transaction, view: View): Promise<boolean> {
    const { rules, journal } = this.#parts;
    const { fees } = transaction.version as Version;
    if (bumpedFees(fees, view.market, rules.maxFeePerGas) === undefined) {
      if (await journal.capped(transaction)) this.#tell("cap", transaction);
      return false;
    }
    await this.#replace(transaction, view, "bump");
    return true;
  }

  /** Signs a further version under the same nonce, keeps it and sends it. */
  async #replace(transaction: Transaction, view: View, becomes: "bump" | "fill"): Promise<void> {
    const { rules, journal, signer } = this.#parts;
    const { fees, raw } = transaction.version as Version;
    const cap = rules.maxFeePerGas;
    const terms: Terms = { nonce: transaction.nonce, fees: bumpedFees(fees, view.market, cap) ?? fees, cap, height: view.height };
    const version = await (becomes === "fill" ? signer.signFiller(terms) : signer.signAgain(raw, terms));
    const replaced = await journal.replace(transaction, version, becomes);
    if (replaced === undefined) return;
    this.#tell(becomes, replaced);
    await this.#sendOnce(replaced, version);
  }

  /** What was just signed; whatever the node says, the next round goes on from there. */
  async #sendOnce(transaction: Transaction, { raw }: Version): Promise<void> {
    const { node, journal } = this.#parts;
    if (await node.send(raw) === "taken") await journal.sent(transaction);
    else await journal.tried(transaction);
  }

  async #goBack(transaction: Transaction, sight: Sight): Promise<void> {
    const { node, journal } = this.#parts;
    const { minedHash, digest } = transaction;
    if (minedHash !== undefined && await node.receipt(minedHash) !== undefined) return;
    // The call may have been made anew before anybody noticed: then only its nonce is wanted.
    const twin = digest === undefined ? undefined : await journal.find(digest);
    const live = await journal.back(transaction);
    if (live === undefined) return;
    this.#tell("back", live);
    if (live.version === undefined) return;
    if (twin !== undefined) await this.#replace(live, sight, "fill");
    else await this.#send(live, sight);
  }

  async #fillGap(nonce: number, sight: Sight): Promise<void> {
    const { journal, signer } = this.#parts;
    const version = await signer.signFiller(this.#first(nonce, sight));
    const filled = await journal.fill(nonce, version);
    if (filled === undefined) return;
    this.#tell("fill", filled);
    await this.#sendOnce(filled, version);
  }

  #first(nonce: number, { market, height }: { market: Market; height: number }): Terms {
    const cap = this.#parts.rules.maxFeePerGas;
    return { nonce, fees: firstFees(market, cap), cap, height };
  }

  #tell(event: KeeperEvent, { nonce }: Transaction): void {
    this.#parts.told(event, nonce);
  }
}
