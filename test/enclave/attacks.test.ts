// Promise: a worker trusts nothing that the coordinator, a broker or the prover hands it. Each attack in turn, with the
// code and the step at which it ends; and no completion ever leaves.
import { afterEach, describe, expect, it, vi } from "vitest";
import { Secrets } from "../../enclave/runtime/wipe.js";
import { signingKey } from "../../src/protocol/dsse.js";
import { VeriteeError, type ErrorCode } from "../../src/protocol/errors.js";
import { deriveHpkeKeyPair, hpkeSeal } from "../../src/protocol/hpke.js";
import type { Field } from "../../src/protocol/field.js";
import { jobRequest } from "../../src/protocol/objects/index.js";
import { seeded } from "../contracts/harness/rng.js";
import { leaseOf, merklePath, pinned, proving, runWorker, TEE, type Malice } from "./harness/worker.js";
import { makeWorld, MEASUREMENT, NOW, type Twist, type World } from "./harness/world.js";

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === (at + bytes.length) % bytes.length ? b ^ 1 : b));

interface Attack {
  readonly what: string;
  readonly code: ErrorCode;
  readonly step: string;
  readonly twist?: Twist;
  readonly malice?: (world: World, other: World) => Malice;
}

const leaseWith = (pick: (world: World, other: World) => Partial<ReturnType<typeof leaseOf>>): NonNullable<Attack["malice"]> =>
  (world, other) => ({ lease: (lease) => ({ ...lease, ...pick(world, other) }) });

const atTheLease: Attack[] = [
  { what: "another job than the lease names", code: "manifest_mismatch", step: "check job", malice: leaseWith((_, o) => ({ job: o.job.envelope })) },
  { what: "another dataset", code: "manifest_mismatch", step: "check job", malice: leaseWith((_, o) => ({ datasetManifest: o.dataset.envelope })) },
  { what: "another model", code: "manifest_mismatch", step: "check job", malice: leaseWith((_, o) => ({ modelManifest: o.model.envelope })) },
  { what: "another grant", code: "grant_mismatch", step: "check job", malice: leaseWith((_, o) => ({ grant: o.grant.envelope })) },
  { what: "no grant", code: "envelope_invalid", step: "check job", malice: leaseWith(() => ({ grant: undefined })) },
  { what: "a grant in the job's place", code: "envelope_invalid", step: "check job", malice: leaseWith((w) => ({ job: w.grant.envelope })) },
  { what: "a job whose payload was changed", code: "signature_invalid", step: "check job",
    malice: leaseWith((w) => ({ job: { ...w.job.envelope, payload: flip(w.job.envelope.payload, -1) } })) },
  { what: "a job signed by another key than its platform", code: "signature_invalid", step: "check job",
    malice: leaseWith((w) => ({ job: { ...w.job.envelope, signatures: jobRequest.sign({ ...w.job.value, platform: w.stranger.publicKey }, w.stranger).envelope.signatures } })) },
  { what: "a chain id that is none", code: "input_invalid", step: "check job", malice: leaseWith(() => ({ chainId: 0n })) },
  { what: "a ledger that is none", code: "input_invalid", step: "check job", malice: leaseWith(() => ({ ledger: new Uint8Array(19) })) },
];

const stranger = signingKey(seeded("somebody").bytes(32)).publicKey;
const inTheObjects: Attack[] = [
  { what: "a grant by another owner", code: "grant_mismatch", step: "check job", twist: { grant: { owner: signingKeyOfWorld() } } },
  { what: "a grant to another platform", code: "grant_mismatch", step: "check job", twist: { grant: { grantee: stranger } } },
  { what: "a grant for another dataset", code: "grant_mismatch", step: "check job", twist: { grant: { dataset: "cd".repeat(32) as never } } },
  { what: "a grant for another program", code: "grant_mismatch", step: "check job", twist: { grant: { programs: ["retail-account/1"] } } },
  { what: "a grant for another purpose", code: "grant_mismatch", step: "check job", twist: { grant: { purpose: "marketing" } } },
  { what: "a grant that is not valid yet", code: "grant_not_valid_yet", step: "check job", twist: { grant: { notBefore: NOW + 1000 } } },
  { what: "a grant that has expired", code: "grant_expired", step: "check job", twist: { grant: { notAfter: NOW } } },
  { what: "a job that has expired", code: "job_expired", step: "check job", twist: { job: { notAfter: NOW } } },
  { what: "a job from the future", code: "job_expired", step: "check job", twist: { job: { createdAt: NOW + 1000 } } },
  { what: "a job for another program", code: "manifest_mismatch", step: "check job", twist: { job: { program: "retail-account/1" } } },
  { what: "a model of another platform", code: "manifest_mismatch", step: "check job",
    twist: { model: (m) => ({ ...m, platform: signingKey(seeded("another platform").bytes(32)).publicKey }) } },
  { what: "a model for another program", code: "manifest_mismatch", step: "check job", twist: { model: (m) => ({ ...m, program: "retail-account/1" }) } },
  { what: "a dataset without records", code: "manifest_mismatch", step: "check job", twist: { dataset: (m) => ({ ...m, segments: m.segments.slice(0, 1) }) } },
  { what: "a program that does not exist", code: "unsupported", step: "check job",
    twist: { dataset: (m) => ({ ...m, program: "x/1" }), model: (m) => ({ ...m, program: "x/1" }), job: { program: "x/1" }, grant: { programs: ["x/1"] } } },
  { what: "records that are not the committed ones", code: "commitment_mismatch", step: "open dataset",
    twist: { chunk: (c) => (c.index === 2 ? { ...c, records: c.records.map((r, i) => (i === 0 ? { ...r, amount: r.amount + 1 } : r)) } : c) } },
  { what: "another dataset root", code: "commitment_mismatch", step: "open dataset", twist: { dataset: (m) => ({ ...m, datasetRoot: 1n as Field }) } },
  { what: "other aggregates", code: "commitment_mismatch", step: "open dataset", twist: { dataset: (m) => ({ ...m, aggregateCommitment: 1n as Field }) } },
  { what: "a leaf that claims an endorsement", code: "commitment_mismatch", step: "open dataset", twist: { dataset: (m) => ({ ...m, sourceClass: 2 }) } },
  { what: "another leaf", code: "commitment_mismatch", step: "open dataset", twist: { dataset: (m) => ({ ...m, leaf: 1n as Field }) } },
  { what: "a chunk left out", code: "open_failed", step: "open dataset", twist: { dataset: (m) => ({ ...m, segments: m.segments.filter((s) => s.index !== 1).map((s, i) => ({ ...s, index: i })) }) } },
  { what: "another model commitment", code: "commitment_mismatch", step: "open model", twist: { model: (m) => ({ ...m, modelCommitment: 1n as Field }) } },
  { what: "a model that is no model", code: "model_invalid", step: "open model", twist: { scorecardJson: "SECRET {" } },
];

function signingKeyOfWorld() {
  const rng = seeded("world");
  rng.bytes(32);
  rng.bytes(32);
  return signingKey(rng.bytes(32)).publicKey;
}

const inTheStore: Attack[] = [0, 1, 2].map((index) => ({
  what: `segment ${index} with one bit changed`, code: "commitment_mismatch", step: "fetch segments",
  malice: (w) => ({ api: { getBlob: async (id) => {
    const bytes = w.blobs.get(id) as Uint8Array;
    return w.dataset.value.segments[index]?.ciphertext === id ? flip(bytes, 40) : bytes;
  } } }),
}));

const anotherKey = await deriveHpkeKeyPair(1, new Uint8Array(32).fill(3));
const boxToAnother = await hpkeSeal(anotherKey.publicKey, "i", new Uint8Array(), new Uint8Array(32));

const atTheBroker: Attack[] = [
  { what: "a challenge by another key", code: "signature_invalid", step: "get model key", malice: (w) => ({ challengeSigner: w.stranger }) },
  { what: "a challenge by the other holder", code: "signature_invalid", step: "get model key", malice: (w) => ({ challengeSigner: w.enterprise }) },
  { what: "a challenge for another request", code: "challenge_unknown", step: "get model key", malice: () => ({ challenge: (c) => ({ ...c, request: "ee".repeat(32) as never }) }) },
  { what: "a challenge under another policy", code: "grant_mismatch", step: "get model key", malice: () => ({ challenge: (c) => ({ ...c, policyId: "ee".repeat(32) as never }) }) },
  { what: "a stale challenge", code: "challenge_expired", step: "get model key", malice: () => ({ challenge: (c) => ({ ...c, expiresAt: NOW }) }) },
  { what: "a reply by another key", code: "signature_invalid", step: "get model key", malice: (w) => ({ replySigner: w.stranger }) },
  { what: "a box sealed to another key", code: "open_failed", step: "get model key", malice: () => ({ outcome: () => ({ kind: "released", box: boxToAnother }) }) },
  { what: "a refusal", code: "grant_revoked", step: "get data key",
    malice: (w) => ({ outcome: (r) => (r.holder === w.enterprise.publicKey ? { kind: "refused", code: "grant_revoked", reason: "the grant has been revoked" } : undefined) }) },
  { what: "silence", code: "key_timeout", step: "get model key", malice: () => ({ api: { keyRequest: async () => ({}) as never } }) },
  { what: "a wrong key, rightly sealed", code: "open_failed", step: "open model", malice: () => ({ modelKey: new Uint8Array(32).fill(9) }) },
];

const aroundTheProof: Attack[] = [
  { what: "a path from another leaf", code: "commitment_mismatch", step: "compute", malice: () => ({ api: { merkleProof: async () => merklePath(5n as Field) } }) },
  { what: "a path to another root", code: "commitment_mismatch", step: "compute", malice: () => ({ api: { merkleProof: async (leaf) => ({ ...merklePath(leaf), root: 3n as Field }) } }) },
  { what: "a path deeper than the tree", code: "unsupported", step: "compute",
    malice: () => ({ api: { merkleProof: async (leaf) => ({ ...merklePath(leaf), siblings: Array.from({ length: 21 }, () => 1n as Field) }) } }) },
  { what: "a leaf that is not registered", code: "leaf_unknown", step: "compute",
    malice: () => ({ api: { merkleProof: async () => { throw new VeriteeError("leaf_unknown", "the leaf is not in the registry"); } } }) },
  { what: "a proof of something else", code: "proof_invalid", step: "prove",
    malice: () => ({ ports: { pinnedKeys: () => pinned, prover: { prove: async () => proofOfZeros() } } }) },
  { what: "hardware that gives no evidence", code: "evidence_malformed", step: "get model key",
    malice: () => ({ ports: { collector: { simulated: true, collect: async () => { throw new VeriteeError("evidence_malformed", "no quote"); } } } }) },
];

async function proofOfZeros() {
  const { proofFromWire } = await import("../../src/proofs/codec.js");
  const { a, b, c } = proving.prove([0n, 0n, 0n, 0n, 0n]);
  return { proof: proofFromWire({ a, b, c } as never), signals: [], timings: { witnessMs: 0, proveMs: 0 } };
}

const honest = await makeWorld();
const other = await makeWorld({ seed: "other" });

afterEach(() => vi.restoreAllMocks());

for (const [where, attacks] of Object.entries({ atTheLease, inTheObjects, inTheStore, atTheBroker, aroundTheProof })) {
  describe(`refused ${where}`, () => {
    it.each(attacks)("$what", async ({ code, step, twist, malice }) => {
      const kept: Uint8Array[] = [];
      const keep = vi.spyOn(Secrets.prototype, "keep");
      const world = twist === undefined ? honest : await makeWorld(twist);
      const run = await runWorker(world, malice?.(world, other));
      for (const call of keep.mock.calls) kept.push(call[0] as Uint8Array);

      expect(run.completion).toBeUndefined();
      expect(run.failure).toMatchObject({ code });
      expect(run.failure?.reason).toContain(`cannot ${step}`);
      // Whatever ended it: nothing secret is left, and nothing secret was said.
      expect(kept.every((bytes) => bytes.every((b) => b === 0))).toBe(true);
      expect(`${run.failure?.reason} ${run.log.join()}`).not.toMatch(/SECRET|amount|1000001/);
    });
  });
}

describe("a lost lease", () => {
  it("stops the work, reports nothing and wipes", async () => {
    const keep = vi.spyOn(Secrets.prototype, "keep");
    const run = await runWorker(honest, { api: {
      // With the keys released and the plaintext open.
      heartbeat: async (_job, _token, { phase }) => {
        if (phase === "compute") throw new VeriteeError("lease_lost", "another worker has the job");
      },
    } });
    expect([run.completion, run.failure]).toEqual([undefined, undefined]);
    expect(run.log.join()).toContain("lease_lost");
    expect(keep.mock.calls.length).toBeGreaterThan(0);
    expect(keep.mock.calls.every(([bytes]) => bytes.every((b) => b === 0))).toBe(true);
  });

  it("is assumed when no heartbeat comes through for its lifetime", async () => {
    const run = await runWorker(honest, {
      lease: (lease) => ({ ...lease, expiresAt: lease.now }), // at least one second
      api: { heartbeat: async () => { throw new VeriteeError("service_unavailable", "down"); },
        merkleProof: async (leaf) => { await new Promise((r) => setTimeout(r, 1100)); return merklePath(leaf); } },
    });
    expect([run.completion, run.failure]).toEqual([undefined, undefined]);
    expect(run.log.join()).toContain("lease_lost");
  });
});

describe("a completion whose answer is lost", () => {
  it("is not followed by a failure, which could undo it", async () => {
    const run = await runWorker(honest, { api: { complete: async () => { throw new VeriteeError("service_unavailable", "no answer"); } } });
    expect(run.failure).toBeUndefined();
  });

  it("is followed by a failure when it was refused", async () => {
    const run = await runWorker(honest, { api: { complete: async () => { throw new VeriteeError("receipt_invalid", "no"); } } });
    expect(run.failure).toMatchObject({ code: "receipt_invalid", retryable: false });
  });
});

describe("evidence", () => {
  it("is asked for anew, bound to its challenge, for every key", async () => {
    const asked: string[] = [];
    await runWorker(honest, { ports: { collector: { simulated: true, collect: async (reportData) => {
      asked.push(Buffer.from(reportData).toString("hex"));
      return TEE.quote(MEASUREMENT, reportData, NOW);
    } } } });
    expect(asked).toHaveLength(2);
    expect(new Set(asked).size).toBe(2);
  });
});

