import { ensure } from "../../protocol/errors.js";
import type { BlockRef, ChainPort } from "../chain-port.js";

/** Blocks of one chain, by number. What was asked once is remembered as long as the chain only grows. */
export class Canon {
  readonly #chain: Pick<ChainPort, "head" | "block">;
  readonly #hashes = new Map<number, string>();
  #head: BlockRef | undefined;

  constructor(chain: Pick<ChainPort, "head" | "block">) {
    this.#chain = chain;
  }

  /** The chain's head; whatever does not lie below it is forgotten. @throws chain_unavailable */
  async renew(): Promise<BlockRef> {
    const head = await this.#chain.head();
    if (head.hash !== this.#head?.hash && head.parent !== this.#head?.hash) this.#hashes.clear();
    this.#head = head;
    this.#hashes.set(head.number, head.hash);
    if (head.number > 0) this.#hashes.set(head.number - 1, head.parent);
    return head;
  }

  /** Undefined above the head. @throws chain_unavailable */
  async hashAt(number: number): Promise<string | undefined> {
    if (number > (this.#head?.number ?? -1)) return undefined;
    const known = this.#hashes.get(number);
    if (known !== undefined) return known;
    const block = await this.#chain.block(number);
    ensure(block !== undefined, "chain_unavailable", "the node has a head, and not what lies below", { block: number });
    this.#hashes.set(number, block.hash);
    return block.hash;
  }

  /** Whether the head is still on the chain: otherwise answers since `renew` may be of two chains, and are forgotten. */
  async stands(): Promise<boolean> {
    const head = this.#head;
    if (head !== undefined && (await this.#chain.block(head.number))?.hash === head.hash) return true;
    this.#hashes.clear();
    this.#head = undefined;
    return false;
  }

  /** Forgets what lies deeper than anybody asks for. */
  trim(below: number): void {
    for (const number of this.#hashes.keys()) if (number < below) this.#hashes.delete(number);
  }
}
