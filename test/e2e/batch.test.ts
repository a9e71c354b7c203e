import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openReader } from "../../src/chain/reader.js";
import { issueGrant, sealDataset } from "../../src/cli/roles/enterprise.js";
import { clientOf, openJob, orderJob } from "../../src/cli/roles/platform.js";
import { verifyFile } from "../../src/cli/roles/verifier.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { toHex } from "../../src/protocol/bytes.js";
import { partyKey, type GrantId } from "../../src/protocol/ids.js";
import { ledgerProgramId } from "../../src/protocol/ledger-digest.js";
import type { Grant, Signed } from "../../src/protocol/objects/index.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { observe, type SeenChain } from "../harness/observer/chain.js";
import { noiseOf, occurring, sharedBytes, staleRoots, type Declared } from "../harness/observer/links.js";
import { edgeDataset } from "./datasets.js";
import { startWorld, type Scored, type World } from "./world.js";

// A real worker's real proofs of jobs that are as alike as can be: two datasets of one owner, one platform, one model.

const JOBS_A_DATASET = 6;
const JOBS = 2 * JOBS_A_DATASET;
/** One receipt alone takes 303,000; sixteen in a batch take 102,000 each (contracts/gas.json). */
const GAS_A_RECEIPT = 130_000;

interface Offer { readonly dataset: Scored["dataset"]; readonly grant: Signed<Grant, GrantId> }

describe(`${JOBS} jobs that are under way together`, () => {
  let world: World;
  let scored: Scored[];
  let folder: string;

  /** A sealed dataset with a grant that is good for its share of the jobs. */
  async function offer(): Promise<Offer> {
    const { enterprise, url, model, measurement } = world;
    const { manifest: dataset } = await sealDataset(enterprise, url, smeInvoice, await edgeDataset(smeInvoice), () => undefined);
    const grant = await issueGrant(enterprise, url, {
      dataset, grantee: partyKey(model.signer), purpose: "credit decision", maxUses: JOBS_A_DATASET, allowedMeasurements: [measurement], allowedAnchors: ["sim"],
    });
    return { dataset, grant };
  }

  async function score({ dataset, grant }: Offer): Promise<Scored> {
    const { platform, url, model, measurement } = world;
    const job = await orderJob(platform, url, { grant, model, allowedMeasurements: [measurement], allowedAnchors: ["sim"] });
    const api = clientOf(platform, url);
    for await (const view of api.jobEvents(job.id)) void view;
    expect((await api.job(job.id)).state, world.workerLog()).toBe("done");
    return { job, dataset, ...(await openJob(platform, url, job, dataset)) };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "veritee-batch-"));
    world = await startWorld(smeInvoice, undefined, { batchAgeMs: 600_000 });
    // Both leaves first: then the registry's root is one for all jobs.
    const offers = [await offer(), await offer()];
    scored = await Promise.all(offers.flatMap((o) => Array.from({ length: JOBS_A_DATASET }, () => score(o))));
  }, 600_000);
  afterAll(async () => {
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("land in one transaction, which goes when the last of them ends and not when the age is over", async () => {
    const anchors = scored.map((s) => receiptFromJson(s.receipt).anchor);
    expect(new Set(anchors.map((a) => a.txHash)).size).toBe(1);
    const gasAReceipt = (anchors[0]?.gasUsed ?? 0) / JOBS;
    console.log(`gas a receipt in a batch of ${JOBS}: ${Math.round(gasAReceipt)}`);
    expect(gasAReceipt).toBeLessThan(GAS_A_RECEIPT);
    expect(world.coordinatorLog()).toContain('"kind":"early"');
  });

  it("each verify, offline and against the ledger", async () => {
    const { rpcUrl, deployment } = world.ledger;
    for (const [i, { receipt }] of scored.entries()) {
      const file = join(folder, `${i}.json`);
      await writeFile(file, JSON.stringify(receipt));
      expect(await verifyFile({ file, rpcUrl, deployment, allowDevelopment: true })).toMatchObject({ ok: true, chainChecked: true });
    }
  });

  describe("to an observer of the chain", () => {
    let seen: SeenChain;
    let declared: Declared;
    let rootAt: (block: number) => bigint;
    beforeAll(async () => {
      const { rpcUrl, deployment } = world.ledger;
      seen = await observe({ rpcUrl, ledger: `0x${deployment.receiptLedger}` });
      const events = await (await openReader(rpcUrl, deployment)).leafEvents(0);
      rootAt = (block) => events.findLast((e) => e.blockNumber <= block)?.root ?? 0n;
      declared = {
        roots: new Set<bigint>(events.map((e) => e.root)), programIds: new Set([`0x${toHex(ledgerProgramId(smeInvoice.id))}`]),
        workers: new Set(seen.receipts.map((r) => r.worker)),
      };
    });

    it("show the declared fields and twelve words of noise, under one worker key and the latest root", () => {
      expect(seen.receipts).toHaveLength(JOBS);
      expect(seen.beyond).toEqual([]);
      expect(seen.receipts.filter((r) => noiseOf(r, declared).length !== 12)).toEqual([]);
      expect(declared.workers.size).toBe(1);
      expect(staleRoots(seen.receipts, rootAt)).toEqual([]);
    });

    it("have no 16 bytes in common, although some differ in nothing but the job's nonce", () => {
      expect(new Set(scored.map((s) => s.result.score)).size).toBe(1);
      expect(sharedBytes(seen.receipts, declared)).toEqual([]);
    });

    it("hold nothing of what the parties signed", () => {
      // A leaf is registered under an account of its own: two datasets of one owner have none in common.
      expect(new Set(scored.map((s) => s.dataset.value.registryAuthority)).size).toBe(2);
      const hex = (v: bigint): string => v.toString(16).padStart(64, "0");
      const needles = new Map(scored.flatMap(({ job, dataset, result }, i) => Object.entries({
        job: job.id, nonce: toHex(job.value.nonce), grant: job.value.grant, model: job.value.model, platform: job.value.platform as string,
        dataset: dataset.id, datasetId: toHex(dataset.value.datasetId), root: hex(dataset.value.datasetRoot), leaf: hex(dataset.value.leaf),
        aggregates: hex(dataset.value.aggregateCommitment), owner: dataset.value.owner as string, authority: dataset.value.registryAuthority as string,
        commitment: hex(world.model.value.modelCommitment), gradeSalt: toHex(result.gradeSalt), detailSalt: toHex(result.detailSalt),
      }).map(([name, value]) => [`${name} ${i}`, value] as const)));
      expect(occurring(seen.receipts, declared, needles)).toEqual([]);
    });
  });
});
