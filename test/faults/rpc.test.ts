import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { clientOf } from "../../src/chain/client.js";
import { agreeingReader } from "../../src/chain/endpoints/agreeing-reader.js";
import { openEndpoints } from "../../src/chain/endpoints/open.js";
import type { EndpointTrouble } from "../../src/chain/endpoints/trouble.js";
import { findJob } from "../../src/coordinator/store/jobs.js";
import { startWorld, type World } from "../contracts/harness/world.js";
import { emptyStore, openTestStore, type TestStore } from "../coordinator/harness/database.js";
import { until } from "../coordinator/harness/parties.js";
import { Anchoring } from "./harness/anchoring.js";
import { newDraw } from "./harness/draw.js";
import { startRpcProxy, type NodeFault, type RpcProxy } from "./harness/rpc-proxy.js";
import { faultRuns } from "./harness/runs.js";

// Promise (R10): whatever a node of the chain does, nothing is lost and nothing is done twice: jobs go on, receipts wait, and are
// anchored when the nodes agree again. A lie of one of two nodes is believed by nobody.

const draw = newDraw();
let w: World;
let nodes: [RpcProxy, RpcProxy];
beforeAll(async () => {
  w = await startWorld("two nodes");
  await w.chain.mine(8);
  nodes = [await startRpcProxy(w.chain.rpcUrl), await startRpcProxy(w.chain.rpcUrl)];
}, 60_000);
afterEach(() => { for (const node of nodes) node.fault = { kind: "none" }; });
afterAll(async () => {
  await Promise.all((nodes ?? []).map((node) => node.close()));
  await w?.stop();
});

const otherHash = (hash: string): string => hash.replace(/.$/, (c) => (c === "0" ? "1" : "0"));
const otherBlock: NodeFault = { kind: "forges", forge: ({ method }, result) => (method === "eth_getBlockByNumber" && result !== null
  ? { ...(result as object), hash: otherHash((result as { hash: string }).hash) } : result) };
const otherState: NodeFault = { kind: "forges", forge: ({ method }, result) => (method === "eth_call" ? `0x${"0".repeat(63)}7` : result) };

describe("a reader over two nodes", () => {
  const troubles: EndpointTrouble[] = [];
  const open = async () => {
    troubles.length = 0;
    const clients = await Promise.all(nodes.map((node) => clientOf({ rpcUrl: node.url, chainId: w.deployment.chainId })));
    return agreeingReader(clients, w.deployment, { maxLag: 4, told: (trouble) => { troubles.push(trouble); } });
  };
  const refusal = async (asked: Promise<unknown>) => asked.then(() => "answered", (error: unknown) => error as { code: string; facts: Record<string, unknown>; message: string });

  it("says what both say", async () => {
    const reader = await open();
    expect((await reader.head()).hash).toBe((await w.reader.head()).hash);
    expect(await reader.root()).toBe(await w.reader.root());
    expect(troubles).toEqual([]);
  });

  it.each<[string, NodeFault, EndpointTrouble["kind"]]>([
    ["answers 502", { kind: "5xx" }, "away"],
    ["is on another chain by now", { kind: "wrong chain", chainId: 1 }, "away"],
    ["shows another block at a height", otherBlock, "disagrees"],
    ["shows another state", otherState, "disagrees"],
  ])("makes the chain unavailable when one %s, and names it by position, never by URL", async (_what, fault, kind) => {
    const reader = await open();
    nodes[1].fault = fault;
    const refused = await refusal(reader.root());
    expect(refused).toMatchObject({ code: "chain_unavailable", facts: { question: expect.any(String) as string, endpoints: kind === "away" ? "2" : "1, 2" } });
    expect(JSON.stringify(refused)).not.toContain("127.0.0.1");
    expect(troubles).toContainEqual(expect.objectContaining({ endpoint: 2, kind }));
  }, 90_000);

  it("bears with one that is a little behind, and answers as of its height", async () => {
    const reader = await open();
    const root = await w.reader.root();
    const { number } = await w.reader.head();
    nodes[1].fault = { kind: "stale", head: number };
    await w.insert(w.rng.field());
    expect((await reader.head()).number).toBe(number);
    expect(await reader.root()).toBe(root);
    nodes[1].fault = { kind: "none" };
    expect(await reader.root()).toBe(await w.reader.root());
  });

  it("does not bear with one that is far behind", async () => {
    const reader = await open();
    nodes[0].fault = { kind: "stale", head: (await w.reader.head()).number };
    await w.chain.mine(5);
    expect(await refusal(reader.head())).toMatchObject({ code: "chain_unavailable", facts: { endpoints: "1", behind: 5, limit: 4 } });
    expect(troubles).toContainEqual({ endpoint: 1, kind: "lags", question: "head" });
  });

  it("names the odd one of three", async () => {
    const third = await startRpcProxy(w.chain.rpcUrl);
    third.fault = otherState;
    const clients = await Promise.all([...nodes, third].map((node) => clientOf({ rpcUrl: node.url, chainId: w.deployment.chainId })));
    expect(await refusal(agreeingReader(clients, w.deployment).root())).toMatchObject({ facts: { endpoints: "3" } });
    await third.close();
  });

  it("does not start with a node of another chain, with all of them away, or with one node twice; it does with one away", async () => {
    const urls = nodes.map((node) => node.url);
    nodes[1].fault = { kind: "wrong chain", chainId: 1 };
    expect(await refusal(openEndpoints(urls, w.deployment))).toMatchObject({ code: "config_invalid" });
    nodes[1].fault = { kind: "5xx" };
    await openEndpoints(urls, w.deployment);
    nodes[0].fault = { kind: "5xx" };
    expect(await refusal(openEndpoints(urls, w.deployment))).toMatchObject({ code: "chain_unavailable" });
    expect(await refusal(openEndpoints([urls[0] as string, urls[0] as string], w.deployment))).toMatchObject({ code: "config_invalid" });
  }, 240_000);
});

describe("a coordinator on two nodes", () => {
  let store: TestStore;
  let a: Anchoring;
  beforeAll(async () => {
    store = await openTestStore();
    a = await Anchoring.open(w, store, { confirmations: 2, rpcUrls: nodes.map((node) => node.url) });
    await a.plantLeaf();
    await a.settled(120_000);
  }, 240_000);
  afterAll(async () => {
    await a?.stop();
    await store?.close();
  });
  /** What was put off is due at once; what is under way stays its sender's. */
  const due = () => sql`update outbox set due_at = now() where state = 'pending' and error_code is not null`.execute(store.db);

  const FAULTS: readonly (readonly [string, () => Promise<NodeFault>])[] = [
    ["answers 502", async () => ({ kind: "5xx" })],
    ["drops the answers to what it was sent", async () => ({ kind: "drops answers", methods: ["eth_sendRawTransaction", "eth_getTransactionReceipt"] })],
    ["is on another chain by now", async () => ({ kind: "wrong chain", chainId: 5 })],
    ["stays where it was", async () => ({ kind: "stale", head: (await w.reader.head()).number })],
    ["shows other blocks", async () => otherBlock],
    ["shows another state", async () => otherState],
  ];

  it.each(FAULTS)("loses nothing and does nothing twice while one %s", async (_what, fault) => {
    const node = draw.pick(nodes);
    node.fault = await fault();
    const leaf = a.leaves[0] as string;
    for (let i = 0; i < 3; i++) await a.plantJob(leaf);
    await a.plantModel();
    // Jobs go on without the ledger: all are handed in.
    await until(async () => (await Promise.all(a.jobs.map((id) => findJob(store.db, id)))).every((job) => job?.state === "anchoring" || job?.state === "done"), 30_000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    node.fault = { kind: "none" };
    await due();
    await a.settled(180_000);
    expect(await a.faults(), `seed ${draw.seed}`).toEqual([]);
    // No receipt was undone on a lie's account.
    expect((await a.deeds()).every((deed) => deed.undone === 0), `seed ${draw.seed}`).toBe(true);
  }, 300_000);
});

describe("after an outage of a day", () => {
  const BACKLOG = faultRuns(1000, 25);
  let store: TestStore;
  let a: Anchoring;
  beforeAll(async () => {
    store = await openTestStore();
    await emptyStore(store.db);
    a = await Anchoring.open(w, store, { confirmations: 2, rpcUrls: [nodes[0].url] });
    await a.plantLeaf();
    await a.settled(120_000);
  }, 240_000);
  afterAll(async () => {
    await a?.stop();
    await store?.close();
  });

  it(`anchors a backlog of ${BACKLOG} receipts within ten minutes, each once`, async () => {
    nodes[0].fault = { kind: "5xx" };
    const leaf = a.leaves[0] as string;
    for (let i = 0; i < BACKLOG; i++) await a.plantJob(leaf);
    const waiting = async () => Number((await store.db.selectFrom("jobs").select((eb) => eb.fn.countAll<bigint>().as("n")).where("state", "=", "anchoring").executeTakeFirstOrThrow()).n);
    await until(async () => (await waiting()) === BACKLOG, 600_000);
    // A day of tries: each pause is as long as it gets.
    await sql`update outbox set planned_at = planned_at - interval '24 hours', tries = 12, due_at = now() + interval '30 seconds' * random(), error_code = 'chain_unavailable'
      where state = 'pending' and error_code is not null`.execute(store.db);
    nodes[0].fault = { kind: "none" };
    const back = performance.now();
    await a.settled(600_000);
    const seconds = (performance.now() - back) / 1000;
    expect(await a.faults()).toEqual([]);
    process.stderr.write(`outage: ${BACKLOG} receipts in ${seconds.toFixed(1)} s, ${a.logged("batch_sent").length} transactions\n`);
    expect(seconds).toBeLessThan(600);
  }, 1_800_000);
});
