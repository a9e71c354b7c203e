import type { Field } from "../protocol/field.js";
import { RegistryTree, type LeafProof } from "./merkle.js";
import type { ChainReader, LeafEvent, LeafFeed } from "./ports.js";

/** Follows one registry of one chain, through reorganisations too. */
export class RegistryMirror {
  readonly #feed: LeafFeed;
  #tree = new RegistryTree();
  /** Applied events of the last block that had any: if the chain still shows them there, what lies below is unchanged. */
  #tip: readonly LeafEvent[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(feed: LeafFeed) {
    this.#feed = feed;
  }

  /** A path under the current root, after catching up with the chain. @throws leaf_unknown, chain_unavailable */
  async proof(leaf: Field): Promise<LeafProof> {
    await this.sync();
    return this.#tree.proof(leaf);
  }

  /** Root after catching up. @throws chain_unavailable */
  async sync(): Promise<Field> {
    const turn = this.#turn.then(() => this.#catchUp());
    this.#turn = turn.catch(() => undefined);
    await turn;
    return this.#tree.root;
  }

  async #catchUp(): Promise<void> {
    const start = this.#feed.deployment.block;
    let events = await this.#feed.leafEvents(this.#tip[0]?.blockNumber ?? start);
    if (!this.#tip.every((seen, i) => seen.txHash === events[i]?.txHash && seen.root === events[i].root)) {
      this.#forget();
      events = await this.#feed.leafEvents(start);
    }
    const fresh = events.slice(this.#tip.length);
    try {
      this.#tree.apply(fresh);
    } catch (error) {
      this.#forget();
      throw error;
    }
    const last = fresh.at(-1);
    if (last !== undefined) this.#tip = events.filter((e) => e.blockNumber === last.blockNumber);
  }

  #forget(): void {
    this.#tree = new RegistryTree();
    this.#tip = [];
  }
}

/** The mirror of the registry of proved datasets. */
export const provedMirror = ({ deployment, provedLeafEvents }: ChainReader): RegistryMirror =>
  new RegistryMirror({ deployment, leafEvents: provedLeafEvents });
