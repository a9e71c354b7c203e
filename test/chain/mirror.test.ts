import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pathRoot, RegistryTree } from "../../src/chain/merkle.js";
import { RegistryMirror } from "../../src/chain/mirror.js";
import type { ChainReader, LeafEvent } from "../../src/chain/ports.js";
import { rpc } from "../../src/chain/rpc.js";
import type { Field } from "../../src/protocol/field.js";
import { startWorld, type World } from "../contracts/harness/world.js";

const SEED = 20_260_101;

let w: World;
let snapshot: unknown;
beforeAll(async () => { w = await startWorld("mirror"); }, 60_000);
beforeEach(async () => { snapshot = await rpc(w.chain.rpcUrl, "evm_snapshot", []); });
afterEach(async () => { await rpc(w.chain.rpcUrl, "evm_revert", [snapshot]); });
afterAll(() => w?.stop());

/** Each number: below 0 an insertion, else the revocation of one of the leaves that are there. */
const deeds = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(1_000) }), { minLength: 1, maxLength: 24 });

describe("the mirror and the contract", () => {
  it("have the same root after every step of random insertions and revocations, with a path for every leaf", async () => {
    await fc.assert(fc.asyncProperty(deeds, async (steps) => {
      const clean = await rpc(w.chain.rpcUrl, "evm_snapshot", []);
      const stepwise = new RegistryMirror(w.reader);
      const live: Field[] = [];
      for (const step of steps) {
        if (step < 0 || live.length === 0) {
          const leaf = w.rng.field();
          await w.insert(leaf);
          live.push(leaf);
        } else {
          const [leaf] = live.splice(step % live.length, 1) as [Field];
          await w.revoke(leaf);
        }
        expect(await stepwise.sync()).toBe(await w.reader.root());
      }
      const whole = new RegistryMirror(w.reader);
      for (const leaf of live) {
        const proof = await whole.proof(leaf);
        expect(await w.reader.root()).toBe(pathRoot(proof));
        expect(proof).toEqual(await stepwise.proof(leaf));
      }
      await rpc(w.chain.rpcUrl, "evm_revert", [clean]);
    }), { seed: SEED, numRuns: 10 });
  });

  it("agree again after a reorganisation that took leaves away", async () => {
    const mirror = new RegistryMirror(w.reader);
    await w.insert(w.rng.field());
    await mirror.sync();
    const fork = await rpc(w.chain.rpcUrl, "evm_snapshot", []);
    const lost = w.rng.field();
    await w.insert(lost);
    await w.insert(w.rng.field());
    await mirror.proof(lost);
    await rpc(w.chain.rpcUrl, "evm_revert", [fork]);
    const kept = w.rng.field();
    await w.insert(kept);
    expect(await mirror.sync()).toBe(await w.reader.root());
    expect(pathRoot(await mirror.proof(kept))).toBe(await w.reader.root());
    await expect(mirror.proof(lost)).rejects.toMatchObject({ code: "leaf_unknown" });
  });
});

describe("a node that lies about events", () => {
  const inserted = (leaf: bigint, index: number, root: bigint): LeafEvent =>
    ({ kind: "inserted", leaf: leaf as Field, index, root: root as Field, authority: undefined, blockNumber: 1, txHash: `${index}` });

  it.each([
    ["a hole", [inserted(5n, 1, 5n)]],
    ["another root", [inserted(5n, 0, 6n)]],
    ["a removal of what is not there", [inserted(5n, 0, 5n), { ...inserted(6n, 0, 0n), kind: "removed" as const }]],
  ])("is found out: %s", (_name, events) => {
    expect(() => new RegistryTree().apply(events)).toThrow(expect.objectContaining({ code: "chain_unavailable" }));
  });

  it("leaves the mirror able to start over", async () => {
    let lie = true;
    const reader = { deployment: w.deployment, leafEvents: async () => [inserted(5n, 0, lie ? 6n : 5n)] } as unknown as ChainReader;
    const mirror = new RegistryMirror(reader);
    await expect(mirror.sync()).rejects.toMatchObject({ code: "chain_unavailable" });
    lie = false;
    expect(await mirror.sync()).toBe(5n);
  });
});
