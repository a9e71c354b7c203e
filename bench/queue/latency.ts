import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { ChainPort } from "../../src/coordinator/chain-port.js";
import { startCoordinator, type Coordinator } from "../../src/coordinator/start.js";
import { openStore, type DatabaseConfig } from "../../src/coordinator/store/open.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { toHex } from "../../src/protocol/bytes.js";
import { envelopeToBytes, signingKey, type SigningKey } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { field, fieldFromDigest, fieldToBytes } from "../../src/protocol/field.js";
import type { BlobId, JobId, LedgerAddress, Measurement } from "../../src/protocol/ids.js";
import { datasetManifest, grant, jobRequest, modelManifest } from "../../src/protocol/objects/index.js";
import { FailureSchema } from "../../src/protocol/wire/veritee_pb.js";
import { CoordinatorClient } from "../../src/transport/client.js";

const WAIT_SECONDS = 20;
/** Until the waiting worker's first look has found nothing. */
const SETTLE_MS = 30;
const PROGRAM = "sme-invoice/1";

const random = (n: number): Uint8Array => Uint8Array.from(randomBytes(n));
const now = (): number => Math.floor(Date.now() / 1000);
const address = (n: number): LedgerAddress => n.toString(16).padStart(40, "0") as LedgerAddress;

/**
 * Milliseconds from a platform's call over signed HTTP until the lease is with a worker that waits for one over signed HTTP. With
 * two coordinators the job goes to one and the worker waits at the other. All in this process, signing and checking included.
 */
export async function submitToLease(database: DatabaseConfig, coordinators: 1 | 2, jobs: number): Promise<readonly number[]> {
  const stateDir = await mkdtemp(join(tmpdir(), "veritee-bench-latency-"));
  const [platform, worker, owner] = [signingKey(random(32)), signingKey(random(32)), signingKey(random(32))];
  const prepared = await openStore(stateDir, database);
  const sign = await insertCase(prepared, { platform, worker, owner }).finally(() => prepared.destroy());
  const started: Coordinator[] = [];
  try {
    for (let i = 0; i < coordinators; i++) started.push(await start(stateDir, database));
    const submitter = new CoordinatorClient({ url: (started[0] as Coordinator).url, key: platform });
    const waiter = new CoordinatorClient({ url: (started.at(-1) as Coordinator).url, key: worker });
    const waits: number[] = [];
    for (let i = 0; i < jobs; i++) waits.push(await once(submitter, waiter, sign));
    return waits;
  } finally {
    for (const coordinator of started) await coordinator.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function once(submitter: CoordinatorClient, waiter: CoordinatorClient, sign: () => ReturnType<typeof jobRequest.sign>): Promise<number> {
  const { envelope } = sign();
  const leased = waiter.lease(WAIT_SECONDS).then((lease) => ({ lease, at: performance.now() }));
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const begun = performance.now();
  await submitter.submitJob(envelope);
  const { lease, at } = await leased;
  if (lease === undefined) throw new Error("a waiting worker got no lease");
  await waiter.fail(toHex(lease.jobId) as JobId, lease.leaseToken, create(FailureSchema, { code: "internal", reason: "measured", retryable: false }));
  return at - begun;
}

const start = (stateDir: string, database: DatabaseConfig): Promise<Coordinator> => startCoordinator(
  { stateDir, database, port: 0, quotas: { requestsPerSecond: 100_000, burst: 1_000_000 } },
  { chain: NO_LEDGER, appraiseWorker: () => { throw new Error("nobody registers here"); }, findBadProofs: () => Promise.resolve([]), log: { write: () => undefined } },
);

/** Nothing here goes to a ledger: whatever asks gets a code for trouble that passes. */
const NO_LEDGER = new Proxy({
  deployment: {
    chainId: 31337, datasetRegistry: address(1), provedDatasetRegistry: address(2), sourceRegistry: address(3), programRegistry: address(4),
    workerRegistry: address(5), receiptLedger: address(6),
  },
}, { get: (own, name) => (name in own ? Reflect.get(own, name) as unknown : () => Promise.reject(new VeriteeError("chain_unavailable", "there is no ledger here"))) }) as unknown as ChainPort;

interface Keys { readonly platform: SigningKey; readonly worker: SigningKey; readonly owner: SigningKey }

/** A dataset on the ledger, a grant, a model and a worker, put in place as if they had come over HTTP; answers what signs a job. */
async function insertCase(db: Db, { platform, worker, owner }: Keys): Promise<() => ReturnType<typeof jobRequest.sign>> {
  const policy = { allowedMeasurements: ["22".repeat(48) as Measurement], allowedAnchors: ["sim"] } as const;
  const resultKey = { suite: 1, publicKey: random(32) } as const;
  const blob = { index: 0, ciphertext: toHex(random(32)) as BlobId, ciphertextLength: 64, commitment: undefined };
  const anyField = () => fieldFromDigest(random(32));
  const dataset = datasetManifest.sign({
    program: PROGRAM, owner: owner.publicKey, datasetId: random(32), datasetVersion: 1, segments: [blob], datasetRoot: anyField(), aggregateCommitment: anyField(),
    leaf: field(7n), sourceClass: 0, createdAt: now(), registryAuthority: address(9),
  }, owner);
  const model = modelManifest.sign({ program: PROGRAM, platform: platform.publicKey, modelCommitment: anyField(), modelId: random(32), createdAt: now(), sealedModel: blob }, platform);
  const allowed = grant.sign({
    owner: owner.publicKey, dataset: dataset.id, programs: [PROGRAM], grantee: platform.publicKey, purpose: "bench", notBefore: now() - 10, notAfter: now() + 36_000,
    maxUses: 1_000_000, ...policy, nonce: random(32), resultKey,
  }, owner);
  const leaf = toHex(fieldToBytes(field(7n)));
  await db.insertInto("datasets").values({ id: dataset.id, owner: owner.publicKey, program: PROGRAM, leaf, authority: address(9), envelope: envelopeToBytes(dataset.envelope) }).execute();
  await db.insertInto("leaves").values({ leaf, owner: owner.publicKey, state: "anchored", tx_hash: null, reason: null }).execute();
  await db.insertInto("models").values({ id: model.id, platform: platform.publicKey, program: PROGRAM, commitment: leaf, anchored: true, envelope: envelopeToBytes(model.envelope) }).execute();
  await db.insertInto("grants").values({
    id: allowed.id, owner: owner.publicKey, dataset: dataset.id, grantee: platform.publicKey, programs: JSON.stringify([PROGRAM]), purpose: "bench",
    not_before: 0n, not_after: BigInt(now() + 36_000), max_uses: 1_000_000, envelope: envelopeToBytes(allowed.envelope),
  }).execute();
  await db.insertInto("workers").values({
    signing_key: worker.publicKey, ledger_address: address(8), nonce: toHex(random(32)), certificate: random(8), measurement: policy.allowedMeasurements[0],
    anchor: "sim", simulated: true, not_after: BigInt(now() + 36_000), state: "registered", reason: null,
  }).execute();
  return () => jobRequest.sign({
    program: PROGRAM, platform: platform.publicKey, dataset: dataset.id, grant: allowed.id, model: model.id, purpose: "bench", nonce: random(32),
    createdAt: now(), notAfter: now() + 3600, resultKey, ...policy, releaseRule: "grade", requireProvedDataset: false,
  }, platform);
}
