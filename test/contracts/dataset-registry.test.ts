import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { R, type Field } from "../../src/protocol/field.js";
import { insertDigest, ledgerAddress, revokeDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import { poseidon } from "../../src/protocol/poseidon.js";
import { keyFrom, refusalOf, startWorld, type World } from "./harness/world.js";

let w: World;
beforeAll(async () => { w = await startWorld("dataset-registry"); }, 60_000);
afterAll(() => w?.stop());

const place = () => ({ chainId: w.deployment.chainId, contract: w.deployment.datasetRegistry });
const refusedFor = (reason: string) => ({ code: "chain_refused", reason });

describe("insert", () => {
  it("appends a leaf signed by its authority, whoever relays it, and announces the new root", async () => {
    const [a, b] = [w.rng.field(), w.rng.field()];
    await w.insert(a);
    expect(await w.reader.root()).toBe(a);
    await w.insert(b);
    expect(await w.reader.root()).toBe(poseidon([a, b]));
    const authority = ledgerAddress(w.authorityKey);
    expect(await w.reader.leaf(b)).toEqual({ state: "registered", authority, index: 1 });
    expect((await w.reader.leafEvents(0)).at(-1)).toMatchObject({ kind: "inserted", leaf: b, index: 1, root: poseidon([a, b]), authority });
    expect(w.sender.account).not.toBe(authority);
  });

  it("refuses duplicates, zero and values from r on", async () => {
    const leaf = w.rng.field();
    await w.insert(leaf);
    expect(await refusalOf(w.insert(leaf))).toEqual(refusedFor("LeafAlreadyExists"));
    expect(await refusalOf(w.insert(leaf, keyFrom(w.rng)))).toEqual(refusedFor("LeafAlreadyExists"));
    expect(await refusalOf(w.insert(0n as Field))).toEqual(refusedFor("LeafCannotBeZero"));
    const over = R as Field;
    const signature = signLedger(new Uint8Array(32), w.authorityKey);
    expect((await refusalOf(w.sender.insertLeaf(over, ledgerAddress(w.authorityKey), signature))).code).toBe("chain_refused");
  });

  it("refuses another signer, the zero authority, and a signature for another leaf, deed, chain or contract", async () => {
    const [leaf, other] = [w.rng.field(), w.rng.field()];
    const authority = ledgerAddress(w.authorityKey);
    const send = (digest: Uint8Array, key = w.authorityKey, to = authority) =>
      refusalOf(w.sender.insertLeaf(leaf, to, signLedger(digest, key)));
    const strangers = refusedFor("WrongAuthority");
    expect(await send(insertDigest(place(), leaf), keyFrom(w.rng))).toEqual(strangers);
    expect(await send(insertDigest(place(), other))).toEqual(strangers);
    expect(await send(revokeDigest(place(), leaf))).toEqual(strangers);
    expect(await send(insertDigest({ ...place(), chainId: 1 }, leaf))).toEqual(strangers);
    expect(await send(insertDigest({ ...place(), contract: w.deployment.receiptLedger }, leaf))).toEqual(strangers);
    // A malformed signature recovers to zero: it must not speak for the zero address.
    const zero = "0".repeat(40) as typeof authority;
    expect(await refusalOf(w.sender.insertLeaf(leaf, zero, new Uint8Array(65)))).toEqual(refusedFor("SignatureInvalid"));
    expect(await w.reader.leaf(leaf)).toMatchObject({ state: "absent" });
    expect(await send(insertDigest(place(), leaf))).toEqual({ code: "accepted", reason: undefined });
  });
});

describe("revoke", () => {
  it("needs the authority of the leaf, not of another", async () => {
    const leaf = w.rng.field();
    await w.insert(leaf);
    const stranger = keyFrom(w.rng);
    await w.insert(w.rng.field(), stranger);
    expect(await refusalOf(w.revoke(leaf, stranger))).toEqual(refusedFor("WrongAuthority"));
    const { siblings } = await w.mirror.proof(leaf);
    const asInsert = signLedger(insertDigest(place(), leaf), w.authorityKey);
    expect(await refusalOf(w.sender.revokeLeaf(leaf, siblings, asInsert))).toEqual(refusedFor("WrongAuthority"));
  });

  it("refuses wrong, missing and surplus siblings", async () => {
    const leaf = w.rng.field();
    await w.insert(leaf);
    const { siblings } = await w.mirror.proof(leaf);
    const signature = signLedger(revokeDigest(place(), leaf), w.authorityKey);
    const send = (list: readonly Field[]) => refusalOf(w.sender.revokeLeaf(leaf, list, signature));
    expect(await send(siblings.slice(1))).toEqual(refusedFor("WrongSiblingCount"));
    expect(await send([...siblings, w.rng.field()])).toEqual(refusedFor("WrongSiblingCount"));
    expect(await send(siblings.with(0, w.rng.field()))).toEqual(refusedFor("WrongSiblingNodes"));
    expect(await send(siblings.with(0, R as Field))).toEqual(refusedFor("LeafGreaterThanSnarkScalarField"));
  });

  it("makes all earlier roots unknown at once, and the leaf never returns by a replay of its insertion", async () => {
    const leaf = w.rng.field();
    await w.insert(leaf);
    const older = await w.reader.root();
    await w.insert(w.rng.field());
    const before = await w.reader.root();
    expect([await w.reader.isKnownRoot(older), await w.reader.isKnownRoot(before)]).toEqual([true, true]);
    await w.revoke(leaf);
    expect([await w.reader.isKnownRoot(older), await w.reader.isKnownRoot(before)]).toEqual([false, false]);
    expect(await w.reader.isKnownRoot(await w.reader.root())).toBe(true);
    expect(await w.reader.leaf(leaf)).toMatchObject({ state: "revoked" });
    expect(await refusalOf(w.insert(leaf))).toEqual(refusedFor("LeafRevoked"));
    const signature = signLedger(revokeDigest(place(), leaf), w.authorityKey);
    expect(await refusalOf(w.sender.revokeLeaf(leaf, [], signature))).toEqual(refusedFor("LeafDoesNotExist"));
    await expect(w.mirror.proof(leaf)).rejects.toMatchObject({ code: "leaf_unknown" });
  });
});

describe("the window of roots", () => {
  it("knows a superseded root for 256 blocks and the current one for ever", async () => {
    const old = await w.reader.root();
    const { blockNumber } = await w.insert(w.rng.field());
    const current = await w.reader.root();
    await w.chain.mine(256);
    expect((await w.reader.head()).number).toBe(blockNumber + 256);
    expect(await w.reader.isKnownRoot(old)).toBe(true);
    await w.chain.mine(1);
    expect(await w.reader.isKnownRoot(old)).toBe(false);
    await w.chain.mine(1_000);
    expect(await w.reader.isKnownRoot(current)).toBe(true);
  });

  it("never knows the root of an emptied tree", async () => {
    expect(await w.reader.isKnownRoot(0n as Field)).toBe(false);
    const fresh = await startWorld("emptied tree");
    try {
      const leaf = fresh.rng.field();
      await fresh.insert(leaf);
      await fresh.revoke(leaf);
      expect(await fresh.reader.root()).toBe(0n);
      expect(await fresh.reader.isKnownRoot(0n as Field)).toBe(false);
    } finally {
      await fresh.stop();
    }
  });
});
