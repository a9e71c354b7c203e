// A worker in this process with doubles at all its ports: coordinator, brokers, hardware, prover. Honest unless told otherwise.
import { create } from "@bufbuild/protobuf";
import { createWorkerKeys } from "../../../enclave/runtime/identity.js";
import { work } from "../../../enclave/runtime/loop.js";
import type { WorkerKeys, WorkerPorts } from "../../../enclave/runtime/ports.js";
import { keyReleaseAad, KEY_RELEASE_INFO } from "../../../src/protocol/aad.js";
import type { Bytes } from "../../../src/protocol/bytes.js";
import type { Envelope, SigningKey } from "../../../src/protocol/dsse.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { Field } from "../../../src/protocol/field.js";
import { hpkeSeal } from "../../../src/protocol/hpke.js";
import { idBytes, type KeyRequestId } from "../../../src/protocol/ids.js";
import { keyChallenge, keyEvidence, keyReply, keyRequest, type KeyChallenge, type KeyOutcome, type KeyRequest, type Signed } from "../../../src/protocol/objects/index.js";
import { poseidon } from "../../../src/protocol/poseidon.js";
import { Groth16ProofSchema, KeyRequestStateSchema, LeaseSchema, type Completion, type Failure, type KeyRequestState, type Lease, type Progress } from "../../../src/protocol/wire/veritee_pb.js";
import { proofFromWire } from "../../../src/proofs/codec.js";
import type { PinnedKey } from "../../../src/proofs/pinned-key.js";
import { verificationKeyFromBytes, verificationKeySha256 } from "../../../src/proofs/vk.js";
import { SimulatedTee } from "../../../src/simulator/simulated-tee.js";
import type { LeafPath, WorkerApi } from "../../../src/transport/api.js";
import { simulatedKey } from "../../contracts/harness/groth16.js";
import { seeded } from "../../contracts/harness/rng.js";
import { MEASUREMENT, type World } from "./world.js";

export const TEE = SimulatedTee.fromSeed();
export const CHAIN_ID = 31337;
export const LEDGER = "22".repeat(20);

/** A proving key whose trapdoor this test holds: proofs for any signals, in milliseconds, that verify for real. */
export const proving = simulatedKey(seeded("proving key"), 5);
const verifying = verificationKeyFromBytes(proving.bytes);
export const pinned: PinnedKey = { key: verifying, sha256: verificationKeySha256(verifying), development: true };

/** What the doubles do otherwise than honest ones. */
export interface Malice {
  readonly api?: Partial<WorkerApi>;
  readonly ports?: Partial<WorkerPorts>;
  readonly challenge?: (honest: KeyChallenge, request: Signed<KeyRequest, KeyRequestId>) => KeyChallenge;
  readonly challengeSigner?: SigningKey;
  readonly replySigner?: SigningKey;
  readonly outcome?: (request: KeyRequest) => KeyOutcome | undefined;
  readonly lease?: (lease: Lease) => Lease;
  /** What the platform's broker releases in its model key's place. */
  readonly modelKey?: Bytes;
}

export interface RunOutcome {
  readonly keys: WorkerKeys;
  readonly completion: Completion | undefined;
  readonly failure: Failure | undefined;
  readonly phases: readonly string[];
  readonly log: readonly string[];
  /** Random and opened bytes that the worker held, as they are after the job. */
  readonly drawn: readonly Bytes[];
  readonly requests: readonly KeyRequest[];
}

export const leaseOf = (world: World): Lease => create(LeaseSchema, {
  jobId: idBytes(world.job.id), attempt: 1, leaseToken: new Uint8Array(16).fill(1), expiresAt: BigInt(world.now + 30), now: BigInt(world.now),
  job: world.job.envelope, datasetManifest: world.dataset.envelope, modelManifest: world.model.envelope, grant: world.grant.envelope,
  chainId: BigInt(CHAIN_ID), ledger: idBytes(LEDGER as never),
});

/** The leaf in a tree of two. */
export const merklePath = (leaf: Field): LeafPath => {
  const sibling = 77n as Field;
  return { root: poseidon([leaf, sibling]), index: 0, siblings: [sibling], proved: false };
};

export async function runWorker(world: World, malice: Malice = {}): Promise<RunOutcome> {
  const rng = seeded("worker");
  const drawn: Bytes[] = [];
  const keys = createWorkerKeys((n) => rng.bytes(n));
  const phases: string[] = [];
  const log: string[] = [];
  const requests: KeyRequest[] = [];
  let completion: Completion | undefined;
  let failure: Failure | undefined;

  const api = {
    ...honestApi(world),
    ...brokers(world, malice, requests),
    heartbeat: async (_job, _token, progress: Progress) => void phases.push(progress.phase),
    complete: async (_job, _token, done) => void (completion = done),
    fail: async (_job, _token, failed) => void (failure = failed),
    ...malice.api,
  } as Partial<WorkerApi> as WorkerApi;
  const ports: WorkerPorts = {
    api,
    collector: { simulated: true, collect: async (reportData) => TEE.quote(MEASUREMENT, reportData, world.now) },
    prover: { prove: async (_program, input) => ({ proof: proofFor(input), signals: [], timings: { witnessMs: 0, proveMs: 0 } }) },
    pinnedKeys: () => pinned,
    clock: () => world.now,
    random: (n) => {
      const bytes = rng.bytes(n).slice();
      drawn.push(bytes);
      return bytes;
    },
    hpkeSuite: 1,
    log: (level, event, facts) => void log.push(`${level} ${event} ${JSON.stringify(facts)}`),
    limits: { heartbeatMs: 5, leaseWaitSeconds: 1, pollPauseMs: 1, brokerWaitSeconds: 0 },
    ...malice.ports,
  };
  await work(ports, keys, (malice.lease ?? ((l) => l))(leaseOf(world)));
  return { keys, completion, failure, phases, log, drawn, requests };
}

const required = <T>(value: T | undefined): T => {
  if (value === undefined) throw new VeriteeError("not_found", "no such blob");
  return value;
};

function proofFor(input: Readonly<Record<string, unknown>>) {
  const signals = ["R", "K", "J", "asOfDay", "sourceClass"].map((name) => input[name] as bigint);
  const { a, b, c } = proving.prove(signals);
  return proofFromWire(create(Groth16ProofSchema, { a: [...a], b: [...b], c: [...c] }));
}

/** An honest coordinator's half of the wire, with both brokers behind it. */
export const honestApi = (world: World): Pick<WorkerApi, "putKeyRequest" | "putKeyEvidence" | "keyRequest" | "getBlob" | "merkleProof"> => ({
  ...brokers(world, {}, []),
  getBlob: async (id) => required(world.blobs.get(id)).slice(),
  merkleProof: async (leaf) => merklePath(leaf),
});

/** Both holders' brokers behind the coordinator's mailbox. */
function brokers(world: World, malice: Malice, requests: KeyRequest[]): Pick<WorkerApi, "putKeyRequest" | "putKeyEvidence" | "keyRequest"> {
  const states = new Map<KeyRequestId, { request: Signed<KeyRequest, KeyRequestId>; state: KeyRequestState }>();
  const holderOf = (request: KeyRequest): SigningKey => (request.holder === world.enterprise.publicKey ? world.enterprise : world.platform);
  return {
    putKeyRequest: async (envelope: Envelope) => {
      const request = keyRequest.open(envelope);
      requests.push(request.value);
      const policyId = request.value.holder === world.enterprise.publicKey ? world.grant.id : world.job.id;
      const honest: KeyChallenge = { request: request.id, nonce: seeded(request.id).bytes(32), policyId, expiresAt: world.now + 300 };
      const signer = malice.challengeSigner ?? holderOf(request.value);
      const challenge = keyChallenge.sign((malice.challenge ?? ((c) => c))(honest, request), signer);
      states.set(request.id, { request, state: create(KeyRequestStateSchema, { challenge: challenge.envelope }) });
    },
    putKeyEvidence: async (envelope: Envelope) => {
      const { value } = keyEvidence.open(envelope);
      const { request, state } = required(states.get(value.request));
      const { holder, subject, job } = request.value;
      const aad = keyReleaseAad({ request: request.id, challenge: value.challenge, holder, subject, job });
      const key = holder === world.enterprise.publicKey ? world.dataKey : malice.modelKey ?? world.modelKey;
      const outcome = malice.outcome?.(request.value) ?? { kind: "released", box: await hpkeSeal(value.replyKey, KEY_RELEASE_INFO, aad, key) };
      const signer = malice.replySigner ?? holderOf(request.value);
      state.reply = keyReply.sign({ request: request.id, challenge: value.challenge, outcome }, signer).envelope;
    },
    keyRequest: async (id) => required(states.get(id)).state,
  };
}

