import { parseTransaction } from "viem";
import type { TransactionReceipt } from "viem";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Hex } from "../../src/chain/encode.js";
import type { Answer } from "../../src/chain/transactions/answers.js";
import type { Market } from "../../src/chain/transactions/fees.js";
import { TransactionKeeper, type KeeperEvent } from "../../src/chain/transactions/keeper.js";
import { MemoryJournal } from "../../src/chain/transactions/memory-journal.js";
import type { TransactionNode } from "../../src/chain/transactions/node.js";
import { Signer } from "../../src/chain/transactions/signer.js";
import { keccak256 } from "viem";

// Promise: whatever a node says, the keeper neither loses a transaction, nor sends one that it has not kept, nor offers more
// than the cap. The node is a double that says what it is told to; the clock is the test's.

const GWEI = 10n ** 9n;
const CAP = 40n * GWEI;
const RULES = { maxFeePerGas: CAP, feeBumpSeconds: 45, resendSeconds: 10, foreignSeconds: 5 };
const TO: Hex = `0x${"22".repeat(20)}`;

interface Sent { readonly hash: string; readonly nonce: number; readonly maxFee: bigint; readonly to: string | undefined; readonly data: string | undefined; readonly type: string }

class FakeNode implements TransactionNode {
  mined = 0;
  height = 1;
  fees: Market = { baseFee: GWEI, recommended: GWEI };
  answers: Answer[] = [];
  readonly sent: Sent[] = [];
  readonly pool = new Map<string, Sent>();
  readonly blocks = new Map<string, bigint>();
  journal = new MemoryJournal();

  look = async () => ({ mined: this.mined, pending: await this.pending(), ...await this.market() });
  pending = async (): Promise<number> => {
    let next = this.mined;
    while ([...this.pool.values()].some((tx) => tx.nonce === next)) next++;
    return next;
  };
  market = async () => ({ height: this.height, market: this.fees });
  knows = async (hash: string): Promise<boolean> => this.pool.has(hash) || this.blocks.has(hash);
  receipt = async (hash: string): Promise<TransactionReceipt | undefined> =>
    (this.blocks.has(hash) ? { blockNumber: this.blocks.get(hash) } as TransactionReceipt : undefined);

  send = async (raw: Hex): Promise<Answer> => {
    const { nonce = 0, maxFeePerGas, gasPrice, to, data, type } = parseTransaction(raw);
    const tx = { hash: keccak256(raw).slice(2), nonce, maxFee: maxFeePerGas ?? gasPrice ?? 0n, to: to?.toLowerCase(), data, type };
    // Nothing may leave that is not kept.
    expect((await this.journal.read(nonce))?.hashes).toContain(tx.hash);
    this.sent.push(tx);
    const answer = this.answers.shift() ?? "taken";
    if (answer === "taken") {
      for (const [hash, other] of this.pool) if (other.nonce === nonce) this.pool.delete(hash);
      this.pool.set(tx.hash, tx);
    }
    return answer;
  };

  mine(hash: string, nonce: number): void {
    this.blocks.set(hash, BigInt(++this.height));
    this.mined = Math.max(this.mined, nonce + 1);
  }
}

let node: FakeNode;
let keeper: TransactionKeeper;
let told: [KeeperEvent, number][];
const call = (n: number) => ({ to: TO, data: `0x${n.toString(16).padStart(8, "0")}` as Hex, gas: 50_000n });
const later = (seconds: number): void => { vi.advanceTimersByTime(seconds * 1000); };
const last = (): Sent => node.sent.at(-1) as Sent;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  node = new FakeNode();
  told = [];
  const signer = await Signer.open(new Uint8Array(32).fill(7), 1);
  keeper = new TransactionKeeper({ node, journal: node.journal, signer, rules: RULES, told: (event, nonce) => { told.push([event, nonce]); } });
  return () => { vi.useRealTimers(); };
});

describe("the keeper of an account", () => {
  it("does a call that is under way no second time, and another one under the next nonce", async () => {
    const [a, b, c] = [await keeper.submit(call(1)), await keeper.submit(call(1)), await keeper.submit(call(2))];
    expect([a, b, c].map((r) => [r.transaction.nonce, r.fresh])).toEqual([[0, true], [0, false], [1, true]]);
    expect(node.sent.map((tx) => tx.nonce)).toEqual([0, 1]);
  });

  it("sends again what got no answer, and asks first about what was taken", async () => {
    node.answers = ["later"];
    await keeper.submit(call(1));
    await keeper.round();
    expect(node.sent).toHaveLength(1);
    later(3);
    await keeper.round();
    expect(node.sent).toHaveLength(2);
    later(11);
    await keeper.round();
    expect(node.sent).toHaveLength(2); // it is in the pool
    node.pool.clear();
    later(11);
    await keeper.round();
    expect(node.sent.map((tx) => tx.hash)).toEqual(Array(3).fill(node.sent[0]?.hash));
    expect(told).toEqual([["resend", 0], ["resend", 0]]);
  });

  it("offers more in steps, to the cap and no further, says so once, and only while blocks come", async () => {
    await keeper.submit(call(1));
    later(100);
    await keeper.round();
    expect(node.sent).toHaveLength(1); // no block came
    node.fees = { baseFee: 10n * GWEI, recommended: GWEI };
    for (let i = 0; i < 30; i++) {
      node.height++;
      later(46);
      await keeper.round();
    }
    const offers = node.sent.map((tx) => tx.maxFee);
    expect(offers[1]).toBe(21n * GWEI);
    expect(offers.at(-1)).toBe(CAP);
    expect(offers.every((fee, i) => i === 0 || 8n * fee >= 9n * (offers[i - 1] as bigint))).toBe(true);
    expect(told.filter(([event]) => event === "cap")).toEqual([["cap", 0]]);
    // Whichever version is mined counts.
    node.mine(node.sent[2]?.hash as string, 0);
    await keeper.round();
    expect(await node.journal.read(0)).toMatchObject({ state: "mined", minedHash: node.sent[2]?.hash });
  });

  it("raises what waits behind another only when its own fee is too low", async () => {
    await keeper.submit(call(1));
    await keeper.submit(call(2));
    node.height++;
    later(46);
    await keeper.round();
    expect(told).toEqual([["bump", 0]]);
    node.fees = { baseFee: 5n * GWEI, recommended: GWEI };
    node.height++;
    later(46);
    await keeper.round();
    expect(told.slice(1)).toEqual([["bump", 0], ["bump", 1]]);
  });

  it("offers a gas price where the chain has no base fee", async () => {
    node.fees = { baseFee: undefined, recommended: 3n * GWEI };
    await keeper.submit(call(1));
    expect(last()).toMatchObject({ type: "legacy", maxFee: 3n * GWEI });
    node.height++;
    later(46);
    await keeper.round();
    expect(last()).toMatchObject({ type: "legacy", maxFee: (27n * GWEI) / 8n });
  });

  it("offers more at once when the node asks for more than it did", async () => {
    await keeper.submit(call(1));
    node.pool.clear();
    node.fees = { baseFee: 10n * GWEI, recommended: GWEI };
    node.answers = ["fee_low"];
    later(11);
    await keeper.round();
    expect(node.sent.map((tx) => tx.maxFee)).toEqual([3n * GWEI, 3n * GWEI, 21n * GWEI]);
    expect(told).toEqual([["resend", 0], ["bump", 0]]);
  });

  it("waits below the base fee when the cap is lower, and goes when it falls", async () => {
    node.fees = { baseFee: 100n * GWEI, recommended: GWEI };
    node.answers = ["fee_low"];
    await keeper.submit(call(1));
    expect(last().maxFee).toBe(CAP);
    expect(told).toEqual([["cap", 0]]);
    node.fees = { baseFee: GWEI, recommended: GWEI };
    later(3);
    await keeper.round();
    expect(node.pool.has(last().hash)).toBe(true);
    expect(last().maxFee).toBe(CAP);
  });

  it("uses the nonce up when no node will ever take the call", async () => {
    node.answers = ["never"];
    const { transaction, answer } = await keeper.submit(call(1));
    expect(answer).toBe("never");
    expect(last()).toMatchObject({ nonce: 0, data: undefined });
    expect(last().to).not.toBe(TO);
    expect(await node.journal.find(transaction.digest as string)).toBeUndefined();
    expect((await keeper.submit(call(1))).transaction.nonce).toBe(1);
  });

  it("takes a used nonce for somebody else's after a while, not while the receipt may still come", async () => {
    const { transaction } = await keeper.submit(call(1));
    node.mined = 1;
    await keeper.round();
    later(2);
    await keeper.round();
    expect(await node.journal.read(0)).toMatchObject({ state: "sent" });
    later(5);
    await keeper.round();
    expect(await node.journal.read(0)).toMatchObject({ state: "foreign" });
    expect(told).toEqual([["foreign", 0]]);
    expect((await keeper.submit(call(1))).transaction).toMatchObject({ nonce: 1, digest: transaction.digest });
  });

  it("fills the gap that a vanished transaction of somebody else left below", async () => {
    node.pool.set("theirs", { hash: "theirs", nonce: 0, maxFee: 1n, to: TO, data: "0x", type: "legacy" });
    await keeper.submit(call(1));
    expect(last().nonce).toBe(1);
    node.pool.delete("theirs");
    later(1);
    await keeper.round();
    expect(told).toEqual([["fill", 0]]);
    expect(last()).toMatchObject({ nonce: 0, data: undefined });
  });
});
