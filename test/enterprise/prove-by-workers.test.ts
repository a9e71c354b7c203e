import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { folderProofs, folderRequest } from "../../src/enterprise/dataset/local.js";
import { proveByWorkers, type WorkerProving } from "../../src/enterprise/dataset/prove-by-workers.js";
import { proveDataset, type ProveStep } from "../../src/enterprise/dataset/prove.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { DatasetManifestId, JobId, Measurement } from "../../src/protocol/ids.js";
import { proofRequest, type DatasetManifest, type ProofBytes, type ProofRequest, type Signed } from "../../src/protocol/objects/index.js";
import { verifyDatasetProof } from "../../src/proofs/dataset-proof.js";
import type { ProofRequestApi } from "../../src/transport/api.js";
import { datasetKey, ingestKey, KEYS, planOf } from "../harness/dataset-proofs.js";
import { seededRandom } from "../harness/seeded.js";

// Promises: an enterprise that stops and starts again follows the request that it made; it asks only for what is missing; it
// believes no worker: a proof that does not hold is found, and asked for anew by the next run.

const random = seededRandom("prove by workers");
const enterprise = enterpriseFromSeed(random(32));
const manifest = { id: "aa".repeat(32) as DatasetManifestId, value: { program: "sme-invoice/1" } } as Signed<DatasetManifest, DatasetManifestId>;
const plan = planOf(5);
const policy = { allowedMeasurements: ["ab".repeat(48) as Measurement], allowedAnchors: ["sim"] } as const;

let root: string;
let folder: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "veritee-workers-"))));
beforeEach(async () => void (folder = await mkdtemp(join(root, "case-"))));
afterAll(() => rm(root, { recursive: true }));

const prove = (statement: number): ProofBytes => {
  const { signals } = statement === 0 ? plan.datasetInput : plan.chunkInput(statement);
  return (statement === 0 ? datasetKey : ingestKey).prove(signals as bigint[]);
};

/** A coordinator whose workers prove one more statement each time somebody looks. */
class Workers implements ProofRequestApi {
  readonly requests: Signed<ProofRequest, JobId>[] = [];
  readonly #done = new Map<JobId, number[]>();
  fetched = 0;
  /** Called before each look. */
  onLook: (looks: number) => void = () => undefined;
  failAfter = Infinity;
  lieAbout: number | undefined;
  #looks = 0;

  submitProofRequest: ProofRequestApi["submitProofRequest"] = async (envelope) => {
    const request = proofRequest.open(envelope);
    if (!this.#done.has(request.id)) {
      this.requests.push(request);
      this.#done.set(request.id, []);
    }
    return this.#view(request);
  };

  proofRequest: ProofRequestApi["proofRequest"] = async (id) => {
    this.onLook(++this.#looks);
    const request = this.requests.find((r) => r.id === id) as Signed<ProofRequest, JobId>;
    const done = this.#done.get(id) as number[];
    const next = request.value.statements.find((s) => !done.includes(s));
    if (next !== undefined && done.length < this.failAfter) done.push(next);
    return this.#view(request);
  };

  proof: ProofRequestApi["proof"] = async (_id, statement) => {
    this.fetched++;
    return statement === this.lieAbout ? prove(1) : prove(statement);
  };

  #view({ id, value }: Signed<ProofRequest, JobId>) {
    const done = this.#done.get(id) as number[];
    const state = done.length === value.statements.length ? "done" : done.length >= this.failAfter ? "failed" : "running";
    return { state, statements: value.statements.length, leased: 1, done, error: state === "failed" ? "artefact_mismatch" : undefined } as const;
  }
}

let now = 1_760_000_000;
const run = (api: ProofRequestApi, change: Partial<WorkerProving> = {}, onStep: (step: ProveStep) => void = () => undefined) => proveDataset(
  { program: "sme-invoice/1", plan, sourceClass: 0, sourceKey: 0n as never },
  { prover: proveByWorkers(enterprise, manifest, { api, journal: folderRequest(folder), random, clock: () => now, ...policy, ...change }), journal: folderProofs(folder), keys: KEYS, onStep },
);

describe("a dataset that workers prove", () => {
  it("is asked for whole under the owner's signature and policy, and verifies", async () => {
    const workers = new Workers();
    const steps: number[] = [];
    const proof = await run(workers, {}, ({ done }) => steps.push(done));
    expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(workers.requests.map((r) => r.value)).toMatchObject([{ owner: enterprise.signing.publicKey, dataset: manifest.id, statements: [0, 1, 2, 3, 4, 5], ...policy, notAfter: now + 86_400 }]);
    expect(await folderRequest(folder).read()).toBeUndefined();
  });

  it("goes on under the same request after an interruption at any moment, fetching no proof twice", async () => {
    for (let stop = 1; stop <= 5; stop++) {
      folder = await mkdtemp(join(root, "stopped-"));
      const workers = new Workers();
      const halt = new AbortController();
      workers.onLook = (looks) => { if (looks === stop) halt.abort(new Error("interrupted")); };
      await expect(run(workers, { signal: halt.signal })).rejects.toThrow("interrupted");
      const before = workers.fetched;
      let resumed = -1;
      const proof = await run(workers, {}, (step) => void (resumed = step.resumed));
      expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
      expect([workers.requests.length, workers.fetched, resumed]).toEqual([1, 6, before]);
    }
  });

  it("survives a coordinator that is away for a while", async () => {
    const workers = new Workers();
    workers.onLook = (looks) => { if (looks % 2 === 1) throw new VeriteeError("service_unavailable", "away"); };
    await expect(run(workers)).resolves.toBeDefined();
  });

  it("asks for what is missing only, when the old request has failed, expired or had another policy", async () => {
    const workers = new Workers();
    workers.failAfter = 2;
    await expect(run(workers)).rejects.toMatchObject({ code: "artefact_mismatch" });
    workers.failAfter = Infinity;
    const halt = new AbortController();
    workers.onLook = () => halt.abort(new Error("interrupted"));
    await expect(run(workers, { signal: halt.signal })).rejects.toThrow("interrupted");
    workers.onLook = () => undefined;
    now += 86_400;
    const again = new AbortController();
    workers.onLook = () => again.abort(new Error("interrupted"));
    await expect(run(workers, { signal: again.signal })).rejects.toThrow("interrupted");
    workers.onLook = () => undefined;
    await run(workers, { allowedMeasurements: ["cd".repeat(48) as Measurement] });
    const asked = workers.requests.map((r) => r.value.statements);
    expect(asked[0]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(asked[1]).toEqual([2, 3, 4, 5]);
    expect(asked).toHaveLength(4);
    expect(workers.requests[3]?.value.allowedMeasurements).toEqual(["cd".repeat(48)]);
  });

  it("finds a worker's false proof, and the next run asks for that one alone", async () => {
    const workers = new Workers();
    workers.lieAbout = 3;
    await expect(run(workers)).rejects.toMatchObject({ code: "proof_invalid", facts: { chunk: 3 } });
    workers.lieAbout = undefined;
    const proof = await run(workers);
    expect(workers.requests.map((r) => r.value.statements)).toEqual([[0, 1, 2, 3, 4, 5], [3]]);
    expect(() => verifyDatasetProof(proof, KEYS)).not.toThrow();
    workers.lieAbout = 0;
    folder = await mkdtemp(join(root, "ends-"));
    await expect(run(workers)).rejects.toMatchObject({ code: "proof_invalid" });
    workers.lieAbout = undefined;
    await run(workers);
    expect(workers.requests.at(-1)?.value.statements).toEqual([0]);
  });
});
