import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeafEvent } from "../../src/chain/ports.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { toHex } from "../../src/protocol/bytes.js";
import type { Field } from "../../src/protocol/field.js";
import { ledgerAddress, ledgerProgramId } from "../../src/protocol/ledger-digest.js";
import { startWorld, type World } from "../contracts/harness/world.js";
import { observe, type SeenChain, type SeenReceipt } from "../harness/observer/chain.js";
import { confirmedJobs, confirmedResults, hashesOfPublicWords } from "../harness/observer/confirm.js";
import { classOf, FEATURES, groupsOf, linkability, noiseOf, occurring, sharedBytes, staleRoots, type Declared } from "../harness/observer/links.js";
import { Play, type Habits, type Truth } from "../harness/observer/play.js";

// Promise 1, second half: from the chain alone nobody can tell which dataset, owner, model or platform a receipt belongs to, nor
// link two receipts of one owner or platform. docs/unlinkability.md says what remains visible; here it is shown to be all.
// Statements, commitments, trees, signatures and contracts are the real ones; proofs are Groth16's simulated ones, which are
// distributed as real ones are. Real proofs from a real worker: test/e2e/batch.test.ts.

const PHASES = 4;
const RECEIPTS_A_PHASE = 80;
const DATASETS_A_PHASE = 8; // of each program
/** Standard deviations. Twenty-four questions are asked: chance gives such an answer to one of them once in 5,000 runs. */
const SUSPICIOUS = 4.5;
const CONTROL = 32;

const LABELS: Readonly<Record<string, (t: Truth) => string>> = {
  dataset: (t) => t.dataset.id,
  owner: (t) => t.dataset.owner.publicKey,
  platform: (t) => t.model.platform.publicKey,
  model: (t) => t.model.id,
};

let w: World;
let play: Play;
let honest: SeenChain;
let events: readonly LeafEvent[];
let declared: Declared;

const truthOf = (r: SeenReceipt): Truth => play.truths.get(r.job) as Truth;
const place = () => ({ rpcUrl: w.chain.rpcUrl, ledger: `0x${w.deployment.receiptLedger}` });
/** The registry's root after a block: what anybody can replay. */
const rootAt = (block: number): bigint => events.findLast((e) => e.blockNumber <= block)?.root ?? 0n;

beforeAll(async () => {
  w = await startWorld("unlinkability");
  play = await Play.open(w, [smeInvoice, retailAccount]);
  for (let phase = 0; phase < PHASES; phase++) {
    await play.addDatasets(DATASETS_A_PHASE);
    await play.receipts(RECEIPTS_A_PHASE);
  }
  honest = await observe(place());
  events = await w.reader.leafEvents(0);
  declared = {
    roots: new Set<bigint>(events.map((e) => e.root)),
    programIds: new Set([smeInvoice, retailAccount].map((p) => `0x${toHex(ledgerProgramId(p.id))}`)),
    workers: new Set(play.workers.map((key) => `0x${ledgerAddress(key).padStart(64, "0")}`)),
  };
});
afterAll(() => w?.stop());

describe("an observer of the whole chain", () => {
  it("sees every receipt, and of each nothing but the declared fields and twelve words of noise", () => {
    expect(honest.receipts).toHaveLength(PHASES * RECEIPTS_A_PHASE);
    expect(new Set(honest.receipts.map((r) => r.job)).size).toBe(PHASES * RECEIPTS_A_PHASE);
    expect(honest.beyond).toEqual([]);
    expect(honest.receipts.filter((r) => noiseOf(r, declared).length !== 12)).toEqual([]);
  });

  it("knows all of a receipt's class, and the class is shared with others: that is the set in which it hides", () => {
    const sets = honest.receipts.map((r) => {
      const t = truthOf(r);
      const underRoot = events.slice(0, events.findIndex((e) => e.root === r.root) + 1).map((e) => e.leaf);
      return play.datasets.filter((d) => underRoot.includes(d.leaf) && d.program === t.dataset.program
        && d.terms.asOfDay === t.dataset.terms.asOfDay && d.sourceClass === t.dataset.sourceClass).length;
    });
    // The set is smallest under the first root. A deployment's is what it is: docs/unlinkability.md.
    expect(Math.min(...sets)).toBe(4);
    expect(Math.max(...sets)).toBeGreaterThanOrEqual(8);
    expect(new Set(honest.receipts.map(classOf)).size).toBeLessThan(honest.receipts.length / 4);
  });

  it("finds no 16 bytes in two receipts, whoever they are of", () => {
    expect(sharedBytes(honest.receipts, declared)).toEqual([]);
  });

  it("finds no leaf, commitment, id, key, account, salt or opening of anybody in a receipt", () => {
    const secrets = play.secrets();
    expect(secrets.size).toBeGreaterThan(2000);
    expect(occurring(honest.receipts, declared, secrets)).toEqual([]);
  });

  it("finds no word of any registration in a receipt, but the roots that are there by design", () => {
    const words = new Map(honest.otherWords.filter((word) => !declared.roots.has(BigInt(`0x${word}`))  && !/^0{32}/.test(word))
      .map((word) => [word, word] as const));
    expect(words.size).toBeGreaterThan(100);
    expect(occurring(honest.receipts, declared, words)).toEqual([]);
    expect(words.has(play.models[0]?.commitment.toString(16).padStart(64, "0") as string)).toBe(true);
  });

  it("can compute neither J nor K from public words", () => {
    const words = [...events.map((e) => e.leaf), ...play.models.map((m) => m.commitment)].map((v) => v.toString(16).padStart(64, "0"));
    expect(hashesOfPublicWords(honest.receipts.slice(-CONTROL), words)).toEqual([]);
  });

  it("cannot confirm a guess although it knows every dataset, model and result, and the salts and nonce of one job of each kind", () => {
    const some = honest.receipts.slice(-CONTROL);
    const known = truthOf(some[0] as SeenReceipt);
    const rest = some.slice(1);
    const salts = [new Uint8Array(31), known.gradeSalt, known.detailSalt];
    expect(confirmedResults(rest, play, salts)).toEqual([]);
    expect(confirmedJobs(rest, play, [new Uint8Array(32), known.job.nonce])).toEqual([]);
    // It would know the one whose salts it was given: the recomputation is right.
    const both = confirmedJobs(some, play, [known.job.nonce]);
    expect(both.map((r) => r.job)).toEqual([some[0]?.job]);
  });

  it("sees each receipt under the registry's latest root, which says when and nothing else", () => {
    expect(staleRoots(honest.receipts, rootAt)).toEqual([]);
    expect(new Set(honest.receipts.map((r) => r.root)).size).toBe(PHASES);
  });

  it("sees one sender, whoever the parties are, and gas that follows from what is visible", () => {
    const transactions = [...new Map(honest.receipts.map((r) => [r.tx.hash, r.tx])).values()];
    expect(new Set(transactions.map((t) => t.from)).size).toBe(1);
    // Beside the charge for input, gas depends on size and on how often the worker changes.
    const shape = (tx: (typeof transactions)[number]): string => {
      const own = honest.receipts.filter((r) => r.tx === tx);
      const changes = own.filter((r, i) => r.worker !== own[i - 1]?.worker).length;
      return [own[0]?.programId, own.length, changes].join();
    };
    const groups = groupsOf(transactions, shape).filter((alike) => alike.length > 1);
    expect(groups.length).toBeGreaterThan(2);
    for (const alike of groups) {
      const gas = alike.map((tx) => tx.gasUsed - tx.inputGas);
      expect(new Set(gas).size, `${shape(alike[0] as never)}: ${gas.join()}`).toBe(1);
    }
  });

  it("finds entries in the order of J, so that their place in a batch is a matter of chance", () => {
    for (const batch of groupsOf(honest.receipts, (r) => r.tx.hash)) {
      expect(batch.map((r) => r.job)).toEqual([...batch.map((r) => r.job)].sort((a, b) => (a < b ? -1 : 1)));
    }
  });

  describe.each(Object.entries(LABELS))("two receipts of one %s", (_, label) => {
    it.each(Object.entries(FEATURES))("are as alike as any two by %s", (_, feature) => {
      expect(linkability(honest.receipts, (r) => label(truthOf(r)), feature, play.random)).toBeLessThan(SUSPICIOUS);
    });
  });
});

describe("the same job data twice", () => {
  it("gives unrelated J and K, and no 16 bytes in common", async () => {
    const [dataset] = play.datasets;
    const from = (await w.reader.head()).number + 1;
    await play.receipts(2, {}, [dataset as NonNullable<typeof dataset>]);
    const [a, b] = (await observe(place(), from)).receipts as unknown as [SeenReceipt, SeenReceipt];
    expect(truthOf(a).dataset).toBe(truthOf(b).dataset);
    expect(sharedBytes([a, b], declared)).toEqual([]);
    const differing = FEATURES["bits of K that differ"]?.(a, b) as number;
    expect(differing).toBeGreaterThan(80);
    expect(differing).toBeLessThan(176);
  });
});

// The same observer on receipts of careless workers: it must link them, or the above proves nothing.
describe("negative controls: the observer links receipts", () => {
  const careless = async (change: Partial<Habits>, count = CONTROL): Promise<readonly SeenReceipt[]> => {
    const from = (await w.reader.head()).number + 1;
    await play.receipts(count, change);
    return (await observe(place(), from)).receipts;
  };
  const alike = (links: readonly (readonly [SeenReceipt, SeenReceipt])[], label: (t: Truth) => string) =>
    links.filter(([a, b]) => label(truthOf(a)) === label(truthOf(b))).length / links.length;

  it("of workers that always take the same salt", async () => {
    const salt = new Uint8Array(31).fill(9);
    const receipts = await careless({ salt: () => salt });
    expect(confirmedResults(receipts, play, [salt])).toHaveLength(CONTROL);
  });

  it("of platforms that leave out the nonce", async () => {
    const receipts = await careless({ nonce: () => new Uint8Array(32) }, 1);
    expect(confirmedJobs(receipts, play, [new Uint8Array(32)])).toHaveLength(1);
  });

  it("of a circuit that makes M public", async () => {
    const receipts = await careless({ publish: (signals, t) => ({ ...signals, asOfDay: t.model.commitment as unknown as number }) });
    const links = sharedBytes(receipts, declared);
    expect(links.length).toBeGreaterThan(CONTROL / 2);
    expect(alike(links, LABELS["model"] as never)).toBe(1);
    expect(occurring(receipts, declared, play.secrets()).some((name) => /^model \d+ commitment$/.test(name))).toBe(true);
  });

  it("of a result commitment without job and salts", async () => {
    const receipts = await careless({ publish: (signals, t) => ({ ...signals, resultCommitment: t.scored.opened.modelCommitment }) });
    expect(alike(sharedBytes(receipts, declared), LABELS["platform"] as never)).toBe(1);
  });

  it("of workers that keep to the root under which they first met a dataset", async () => {
    const first = new Map<Field, Awaited<ReturnType<Habits["path"]>>>();
    for (const { leaf } of play.datasets) first.set(leaf, await w.mirror.proof(leaf));
    await play.addDatasets(1);
    const receipts = await careless({ path: async (leaf) => first.get(leaf) ?? w.mirror.proof(leaf) });
    events = await w.reader.leafEvents(0);
    const stale = staleRoots(receipts, rootAt);
    expect(stale.length).toBeGreaterThan(0);
    expect(stale.every((r) => first.has(truthOf(r).dataset.leaf))).toBe(true);
    expect(receipts.filter((r) => !stale.includes(r)).every((r) => !first.has(truthOf(r).dataset.leaf))).toBe(true);
  });

  it("of a coordinator that leaves batches sorted by platform", async () => {
    const byPlatform: Habits["order"] = (batch) => [...batch].sort((a, b) => {
      const [p, q] = [a, b].map((s) => play.truths.get(s.jobBinding)?.model.platform.publicKey ?? "");
      return (p as string) < (q as string) ? -1 : 1;
    });
    const receipts = await careless({ order: byPlatform }, 2 * CONTROL);
    const feature = FEATURES["distance of positions in their batches"] as never;
    expect(linkability(receipts, (r) => LABELS["platform"]?.(truthOf(r)) ?? "", feature, play.random)).toBeGreaterThan(SUSPICIOUS);
  });
});
