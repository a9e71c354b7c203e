import { LeanIMT } from "@zk-kit/lean-imt";
import { ensure } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import { poseidon } from "../protocol/poseidon.js";
import type { LeafEvent } from "./ports.js";

/** A path in the registry's tree (docs/protocol.md 7): levels without a sibling are left out, bit i of index belongs to sibling i. */
export interface LeafProof {
  readonly leaf: Field;
  readonly root: Field;
  readonly index: number;
  /** May hold zeros: a revoked leaf is zero. The number of siblings, not their value, says how many levels there are. */
  readonly siblings: readonly Field[];
}

const node = (left: bigint, right: bigint): bigint => poseidon([left, right]);

/** The registry's tree, rebuilt from its events. Every batch must end at the root that the contract announced. */
export class RegistryTree {
  readonly #tree = new LeanIMT<bigint>(node);
  readonly #positions = new Map<bigint, number>();

  /** Zero while empty. */
  get root(): Field {
    return (this.#tree.size === 0 ? 0n : this.#tree.root) as Field;
  }

  get size(): number {
    return this.#tree.size;
  }

  /**
   * Events in chain order, the first the successor of the last applied.
   * @throws chain_unavailable when they do not fit: a reorganised chain, or a node that lies; then start from an empty tree
   */
  apply(events: readonly LeafEvent[]): void {
    let batch: bigint[] = [];
    const flush = (): void => {
      if (batch.length > 0) this.#tree.insertMany(batch);
      batch = [];
    };
    for (const { kind, leaf, index } of events) {
      if (kind === "inserted") {
        fits(index === this.#tree.size + batch.length, index);
        this.#positions.set(leaf, index);
        batch.push(leaf);
      } else {
        flush();
        fits(this.#positions.get(leaf) === index, index);
        this.#tree.update(index, 0n);
        this.#positions.delete(leaf);
      }
    }
    flush();
    const last = events.at(-1);
    fits(last === undefined || last.root === this.root, last?.index ?? 0);
  }

  /** @throws leaf_unknown when the leaf is absent or revoked */
  proof(leaf: Field): LeafProof {
    const position = this.#positions.get(leaf);
    ensure(position !== undefined, "leaf_unknown", "the leaf is not in the registry");
    const { index, siblings } = this.#tree.generateProof(position);
    return { leaf, root: this.root, index, siblings: siblings as Field[] };
  }
}

function fits(condition: boolean, index: number): void {
  ensure(condition, "chain_unavailable", "registry events do not fit the tree", { index });
}

/** Root that a path leads to; equal to a known root when the leaf is in the registry. */
export function pathRoot(proof: Omit<LeafProof, "root">): Field {
  return proof.siblings.reduce<Field>(
    (at, sibling, level) => poseidon((proof.index >> level) & 1 ? [sibling, at] : [at, sibling]), proof.leaf);
}

