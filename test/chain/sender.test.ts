import { afterAll, beforeAll, expect, it } from "vitest";
import { openReader } from "../../src/chain/reader.js";
import { openSender } from "../../src/chain/sender.js";
import { rpc } from "../../src/chain/rpc.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { ledgerAddress } from "../../src/protocol/ledger-digest.js";
import { keyFrom, refusalOf, startWorld, type World } from "../contracts/harness/world.js";

let w: World;
beforeAll(async () => { w = await startWorld("sender"); }, 60_000);
afterAll(() => w?.stop());

it("gives transactions that are sent together nonces of their own, a refused one among them", async () => {
  const models = Array.from({ length: 12 }, () => w.rng.field());
  const calls = models.map((model) => w.sender.registerModel(model));
  calls.splice(5, 0, w.insert(0n as typeof models[number]));
  const results = await Promise.allSettled(calls);
  expect(results.map((r) => r.status)).toEqual(results.map((_, i) => (i === 5 ? "rejected" : "fulfilled")));
  for (const model of models) expect(await w.reader.modelBlock(model)).toBeGreaterThan(0);
});

it("goes on after another process has used the account", async () => {
  const privateKey = keyFrom(w.rng);
  await w.chain.fund(ledgerAddress(privateKey));
  const options = { rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey };
  const [first, second] = [await openSender(options), await openSender(options)];
  await first.registerModel(w.rng.field());
  await second.registerModel(w.rng.field());
  await first.registerModel(w.rng.field());
});

it("goes on after a reorganisation has taken its transactions back", async () => {
  const fork = await rpc(w.chain.rpcUrl, "evm_snapshot", []);
  const model = w.rng.field();
  await w.sender.registerModel(model);
  await w.sender.registerModel(w.rng.field());
  await rpc(w.chain.rpcUrl, "evm_revert", [fork]);
  expect(await w.reader.modelBlock(model)).toBeUndefined();
  await w.sender.registerModel(model);
  expect(await w.reader.modelBlock(model)).toBeDefined();
});

it("tells the block's own number, hash and time, and the gas", async () => {
  const mined = await w.sender.registerModel(w.rng.field());
  const parent = (await w.reader.block(mined.blockNumber - 1))?.hash;
  expect(await w.reader.block(mined.blockNumber)).toEqual({ number: mined.blockNumber, hash: mined.blockHash, time: mined.blockTime, parent });
  expect(mined.txHash).toMatch(/^[0-9a-f]{64}$/);
  expect(await w.reader.block(1_000_000)).toBeUndefined();
  expect(await w.reader.transaction("00".repeat(32))).toBeUndefined();
});

it("takes an empty account for a trouble that may pass, and goes on once it is filled", async () => {
  const privateKey = keyFrom(w.rng);
  const poor = await openSender({ rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey });
  await expect(poor.registerModel(w.rng.field())).rejects.toMatchObject({ code: "chain_unavailable", facts: { kind: "InsufficientFundsError" } });
  await w.chain.fund(poor.account);
  await poor.registerModel(w.rng.field());
});

it("shows neither the call's arguments nor the node's URL in an error", async () => {
  const model = w.rng.field();
  const sender = await openSender({ rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey: keyFrom(w.rng) });
  const error: unknown = await sender.registerModel(model).catch((e: unknown) => e);
  const shown = error instanceof VeriteeError ? error.describe() : "";
  expect(shown).toContain("chain_unavailable");
  expect(shown).not.toContain(model.toString());
  expect(shown).not.toContain(w.chain.rpcUrl);
});

it("names a reverted transaction by the contract's error when two race for one job", async () => {
  const signals = await w.signals({ registryRoot: (await w.insert(w.rng.field()), await w.reader.root()) });
  const submission = w.submission(signals);
  await rpc(w.chain.rpcUrl, "evm_setAutomine", [false]);
  const privateKey = keyFrom(w.rng);
  await w.chain.fund(ledgerAddress(privateKey));
  const rival = await openSender({ rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey });
  const race = [refusalOf(w.sender.submitReceipt(submission)), refusalOf(rival.submitReceipt(submission))];
  while ((await rpc(w.chain.rpcUrl, "txpool_status", []) as { pending: string }).pending !== "0x2") await new Promise((r) => setTimeout(r, 20));
  await w.chain.mine(1);
  await rpc(w.chain.rpcUrl, "evm_setAutomine", [true]);
  const outcomes = await Promise.all(race);
  expect(outcomes.map((o) => o.code).sort()).toEqual(["accepted", "chain_refused"]);
  expect(outcomes.find((o) => o.code === "chain_refused")?.reason).toBe("JobHasReceipt");
});

it("refuses a node on another chain, and one that is not there", async () => {
  const elsewhere = { ...w.deployment, chainId: 1 };
  await expect(openReader(w.chain.rpcUrl, elsewhere)).rejects.toMatchObject({ code: "config_invalid" });
  await expect(openReader("http://127.0.0.1:9", w.deployment)).rejects.toMatchObject({ code: "chain_unavailable" });
});
