import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VeriteeError } from "../../src/protocol/errors.js";
import type { Field } from "../../src/protocol/field.js";
import { datasetProofToBytes, type DatasetProof } from "../../src/protocol/objects/index.js";
import { describeOnEngines } from "./harness/engines.js";
import { blobIdOf, party, prepareCase, PROGRAM, publishDataset, random, randomField, registerWorker, submit, until, type Case, type Dataset } from "./harness/parties.js";
import { startService, type Service } from "./harness/service.js";

// Promises: a dataset's proof reaches the ledger once, whatever fails on the way; a job that wants a proved dataset is taken
// for no other; only the owner decides over its leaf.

let service: Service;
let c: Case;
describeOnEngines("proved leaves", (freshDatabase) => {
  beforeAll(async () => {
    service = await startService({ database: await freshDatabase() });
    c = await prepareCase(service.url);
  });
  afterAll(() => service.close());

  const points = () => ({ a: [random(32), random(32)], b: [random(32), random(32), random(32), random(32)], c: [random(32), random(32)] });
  const proofOf = ({ leaf, datasetRoot }: Dataset, change: Partial<DatasetProof> = {}): Uint8Array => datasetProofToBytes({
    program: PROGRAM, leaf, datasetRoot, sourceClass: 0, sourceKey: 0n as Field, states: [randomField(), randomField()], chunks: [points()],
    dataset: points(), ingestKeySha256: random(32), datasetKeySha256: random(32), endorsement: undefined, ...change,
  });
  async function prove(dataset: Dataset, change: Partial<DatasetProof> = {}, authority = dataset.authority) {
    const bytes = proofOf(dataset, change);
    await c.owner.api.putBlob(bytes);
    return c.owner.api.registerProvedLeaf(dataset.leaf, blobIdOf(bytes), authority, random(65));
  }
  const provedState = async (dataset: Dataset) => (await c.owner.api.provedLeaf(dataset.leaf)).state;
  const code = (work: Promise<unknown>) => work.then(() => "accepted", (error: VeriteeError) => error.code);

  describe("a dataset's proof", () => {
    it("is sent to the ledger once, though the node fails and its answer is lost", async () => {
      const dataset = await publishDataset(c.owner);
      service.chain.faults.push("unavailable", "lost_answer");
      expect((await prove(dataset)).state).toBe("pending");
      await until(async () => (await provedState(dataset)) === "anchored");
      expect(service.chain.sends.filter((s) => s === `proved ${dataset.leaf}`)).toHaveLength(1);
      expect((await prove(dataset)).state).toBe("anchored");
    });

    it("that the ledger refuses is shown with the reason, and may be given anew", async () => {
      const dataset = await publishDataset(c.owner);
      service.chain.faults.push("refused");
      await prove(dataset);
      await until(async () => (await provedState(dataset)) === "refused");
      expect((await c.owner.api.provedLeaf(dataset.leaf)).reason).toBe("ProofInvalid");
      await prove(dataset);
      await until(async () => (await provedState(dataset)) === "anchored");
    });

    it.each<[string, (d: Dataset) => Partial<DatasetProof>]>([
      ["leaf", () => ({ leaf: randomField() })],
      ["dataset_root", () => ({ datasetRoot: randomField() })],
      ["source_class", () => ({ sourceClass: 1, sourceKey: randomField() })],
      ["program", () => ({ program: "retail-account/1" })],
      ["chunks", () => ({ states: [randomField()], chunks: [] })],
    ])("about another %s is refused before anything is sent", async (field, change) => {
      const dataset = await publishDataset(c.owner);
      await expect(prove(dataset, change(dataset))).rejects.toMatchObject({ code: "manifest_mismatch", facts: { field } });
    });

    it("is taken from the owner alone, and under the manifest's authority", async () => {
      const dataset = await publishDataset(c.owner);
      const bytes = proofOf(dataset);
      const stranger = party(service.url);
      await stranger.api.putBlob(bytes);
      expect(await code(stranger.api.registerProvedLeaf(dataset.leaf, blobIdOf(bytes), dataset.authority, random(65)))).toBe("not_found");
      expect(await code(stranger.api.provedLeaf(dataset.leaf))).toBe("not_found");
      expect(await code(prove(dataset, {}, "ab".repeat(20) as never))).toBe("manifest_mismatch");
      expect(await code(c.owner.api.registerProvedLeaf(dataset.leaf, "0f".repeat(32) as never, dataset.authority, random(65)))).toBe("not_found");
    });
  });

  describe("a job that wants a proved dataset", () => {
    const wanting = (dataset: Case["dataset"] = c.dataset) => code(submit({ ...c, dataset }, { requireProvedDataset: true }));

    it("is taken once the proof is on the ledger, and no more when it is withdrawn", async () => {
      expect(await wanting()).toBe("dataset_unproved");
      await prove(c.dataset);
      await until(async () => (await provedState(c.dataset)) === "anchored");
      expect(await wanting()).toBe("accepted");
      const worker = await registerWorker(service.url);
      expect((await worker.api.merkleProof(c.dataset.leaf)).proved).toBe(true);
      await c.owner.api.revokeProvedLeaf(c.dataset.leaf, random(65));
      expect(await wanting()).toBe("dataset_unproved");
      await until(async () => (await provedState(c.dataset)) === "revoked");
      expect((await worker.api.merkleProof(c.dataset.leaf)).proved).toBe(false);
    });
  });
});
