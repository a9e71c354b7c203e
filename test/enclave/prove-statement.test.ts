import { create } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { createWorkerKeys } from "../../enclave/runtime/identity.js";
import { work, workUntil } from "../../enclave/runtime/loop.js";
import type { WorkerPorts } from "../../enclave/runtime/ports.js";
import { KeptPlan } from "../../enclave/runtime/prove-statement.js";
import { idBytes, type JobId } from "../../src/protocol/ids.js";
import { proofRequest, type ProofBytes, type ProofRequest, type Signed } from "../../src/protocol/objects/index.js";
import { LeaseSchema, type Failure, type Lease } from "../../src/protocol/wire/veritee_pb.js";
import { proofFromWire } from "../../src/proofs/codec.js";
import type { CircuitInput } from "../../src/proofs/prover.js";
import { datasetSignals } from "../../src/proofs/dataset-proof.js";
import { verifyProof } from "../../src/proofs/verify.js";
import type { WorkerApi } from "../../src/transport/api.js";
import { datasetKey, ingestKey, KEYS } from "../harness/dataset-proofs.js";
import { seeded } from "../contracts/harness/rng.js";
import { honestApi, TEE } from "./harness/worker.js";
import { makeWorld, MEASUREMENT, type World } from "./harness/world.js";

// Promises: a worker proves exactly what the owner signed for, about the owner's own dataset; it asks for the key once for
// statements that follow each other; nothing of the dataset stays when they do not; a failure tells no plaintext.

let world: World;
beforeAll(async () => void (world = await makeWorld()));

const sign = (change: Partial<ProofRequest> = {}, by = world.enterprise): Signed<ProofRequest, JobId> => proofRequest.sign({
  owner: by.publicKey, dataset: world.dataset.id, program: world.dataset.value.program, nonce: new Uint8Array(32).fill(3), createdAt: world.now - 10,
  notAfter: world.now + 1000, statements: [0, 1, 2], allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"], ...change,
}, by);

const leaseOf = (request: Signed<ProofRequest, JobId>, statement: number, change: Partial<Lease> = {}): Lease => create(LeaseSchema, {
  jobId: idBytes(request.id), attempt: 1, leaseToken: new Uint8Array(16).fill(1), expiresAt: BigInt(world.now + 30), now: BigInt(world.now),
  proofRequest: request.envelope, datasetManifest: world.dataset.envelope, statement, ...change,
} as never);

interface Run { readonly proofs: readonly ProofBytes[]; readonly failures: readonly Failure[]; readonly keysAsked: number; readonly inputs: readonly CircuitInput[] }

/** Runs leases in a row; undefined is a poll that found nothing. */
async function run(leases: readonly (Lease | undefined)[], change: Partial<WorkerApi> = {}): Promise<Run> {
  const proofs: ProofBytes[] = [];
  const failures: Failure[] = [];
  const inputs: CircuitInput[] = [];
  const stop = new AbortController();
  const queue = [...leases];
  let keysAsked = 0;
  // The holder's policy is the request itself.
  let current: JobId | undefined;
  const honest = honestApi({ ...world, get grant() { return { ...world.grant, id: current as never }; } });
  const api = {
    ...honest,
    putKeyRequest: async (envelope) => {
      keysAsked++;
      return honest.putKeyRequest(envelope);
    },
    heartbeat: async () => undefined,
    lease: async () => {
      const next = queue.shift();
      if (queue.length === 0) stop.abort();
      if (next?.proofRequest !== undefined) current = proofRequest.open(next.proofRequest).id;
      return next;
    },
    completeProof: async (_request, _token, proof) => void proofs.push(proof),
    fail: async (_job, _token, failure) => void failures.push(failure),
    ...change,
  } as Partial<WorkerApi> as WorkerApi;
  const rng = seeded("statement worker");
  const ports: WorkerPorts = {
    api, provesDatasets: true, clock: () => world.now, random: (n) => rng.bytes(n).slice(), hpkeSuite: 1, log: () => undefined,
    collector: { simulated: true, collect: async (reportData) => TEE.quote(MEASUREMENT, reportData, world.now) },
    prover: { prove: async (circuit, input) => {
      inputs.push(input);
      const names = circuit.startsWith("ingest") ? ["stateIn", "stateOut"] : ["stateFirst", "stateLast", "leaf", "datasetRoot", "sourceClass", "sourceKey"];
      const proof = (circuit.startsWith("ingest") ? ingestKey : datasetKey).prove(names.map((name) => input[name] as bigint));
      return { proof: proofFromWire(proof), signals: [], timings: { witnessMs: 0, proveMs: 0 } };
    } },
    pinnedKeys: () => { throw new Error("no score is proved here"); },
    limits: { heartbeatMs: 5, leaseWaitSeconds: 0, pollPauseMs: 1, brokerWaitSeconds: 0 },
  };
  const keys = createWorkerKeys((n) => rng.bytes(n));
  await workUntil(stop.signal, ports, keys, world.now + 100);
  return { proofs, failures, keysAsked, inputs };
}

describe("a worker that proves statements", () => {
  it("proves chunks and both ends, so that the owner's chain verifies, with one key for all", async () => {
    const chunks = Array.from({ length: world.dataset.value.segments.length - 1 }, (_, i) => i + 1);
    const request = sign({ statements: [0, ...chunks] });
    const { proofs, failures, keysAsked, inputs } = await run([...chunks, 0].map((statement) => leaseOf(request, statement)));
    expect(failures).toEqual([]);
    expect(keysAsked).toBe(1);
    const ends = inputs.at(-1) as CircuitInput;
    const states = [ends["stateFirst"], ...inputs.slice(0, -1).map((input) => input["stateOut"])] as bigint[];
    expect(states.at(-1)).toBe(ends["stateLast"]);
    chunks.forEach((i) => verifyProof(KEYS.ingest.key, states.slice(i - 1, i + 1), proofFromWire(proofs[i - 1] as ProofBytes)));
    const { leaf, datasetRoot, sourceClass } = world.dataset.value;
    verifyProof(KEYS.dataset.key, datasetSignals({ states: states as never, leaf, datasetRoot, sourceClass, sourceKey: 0n as never }), proofFromWire(proofs.at(-1) as ProofBytes));
  });

  it("asks for the key again after another request's statement, and after a poll that found nothing", async () => {
    const [one, two] = [sign(), sign({ nonce: new Uint8Array(32).fill(4) })];
    expect((await run([leaseOf(one, 1), leaseOf(two, 1), leaseOf(one, 2)])).keysAsked).toBe(3);
    expect((await run([leaseOf(one, 1), undefined, leaseOf(one, 2)])).keysAsked).toBe(2);
  });

  it("wipes what it kept when it drops it", () => {
    const kept = new KeptPlan();
    const wiped: string[] = [];
    const secrets = (name: string) => ({ wipeAll: () => wiped.push(name) }) as never;
    const request = sign();
    kept.keep(request.id, {} as never, secrets("one"));
    kept.keepFor(leaseOf(request, 2));
    expect(wiped).toEqual([]);
    expect(kept.of(request.id)).toBeDefined();
    kept.keepFor(leaseOf(sign({ notAfter: world.now + 2000 }), 1));
    expect(wiped).toEqual(["one"]);
    expect(kept.of(request.id)).toBeUndefined();
    kept.keep(request.id, {} as never, secrets("two"));
    kept.keepFor(undefined);
    expect(wiped).toEqual(["one", "two"]);
  });

  it.each<[string, () => Lease]>([
    ["a request by somebody else than the dataset's owner", () => leaseOf(sign({}, world.stranger), 1)],
    ["a request for another dataset", () => leaseOf(sign({ dataset: "77".repeat(32) as ProofRequest["dataset"] }), 1)],
    ["a request for another program", () => leaseOf(sign({ program: "retail-account/1" }), 1)],
    ["a statement that the request does not ask for", () => leaseOf(sign({ statements: [2] }), 1)],
    ["a chunk that the dataset does not have", () => leaseOf(sign({ statements: [9] }), 9)],
    ["another id than the request's", () => leaseOf(sign(), 1, { jobId: new Uint8Array(32).fill(5) })],
    ["a lease without its dataset", () => leaseOf(sign(), 1, { datasetManifest: undefined as never })],
  ])("refuses %s before it asks for a key", async (_what, lease) => {
    const { proofs, failures, keysAsked } = await run([lease()]);
    expect([proofs.length, keysAsked]).toEqual([0, 0]);
    expect(failures).toMatchObject([{ retryable: false }]);
    expect(["manifest_mismatch", "envelope_invalid"]).toContain(failures[0]?.code);
  });

  it("refuses a request whose time is over", async () => {
    const { failures } = await run([leaseOf(sign({ notAfter: world.now }), 1)]);
    expect(failures).toMatchObject([{ code: "job_expired" }]);
  });

  it("refuses a segment that is not the committed one, in words that quote none of it", async () => {
    const { failures } = await run([leaseOf(sign(), 1)], { getBlob: async () => new Uint8Array(100) });
    expect(failures).toMatchObject([{ code: "commitment_mismatch" }]);
  });

  it("takes a score lease in between as ever", async () => {
    const lost = create(LeaseSchema, { jobId: new Uint8Array(32), leaseToken: new Uint8Array(16), expiresAt: 10n, now: 1n });
    const failures: Failure[] = [];
    const ports = { api: { fail: async (_j: unknown, _t: unknown, f: Failure) => void failures.push(f), heartbeat: async () => undefined }, clock: () => world.now, log: () => undefined, limits: { heartbeatMs: 1000 } } as unknown as WorkerPorts;
    await work(ports, createWorkerKeys((n) => seeded("x").bytes(n)), lost);
    expect(failures).toMatchObject([{ code: "envelope_invalid" }]);
  });
});
