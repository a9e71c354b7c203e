import { create } from "@bufbuild/protobuf";
import { createHash, randomBytes } from "node:crypto";
import type { Bytes } from "../../../src/protocol/bytes.js";
import { toHex } from "../../../src/protocol/bytes.js";
import { jobBinding } from "../../../src/protocol/commitments.js";
import { signingKey, type SigningKey } from "../../../src/protocol/dsse.js";
import { fieldFromDigest, type Field } from "../../../src/protocol/field.js";
import { hexId, idBytes, type BlobId, type JobId, type LedgerAddress, type Measurement } from "../../../src/protocol/ids.js";
import {
  datasetManifest, grant, jobRequest, modelManifest, receiptStatement, sealedResult,
  type DatasetManifest, type Grant, type JobRequest, type ReceiptStatement, type WorkerIdentity,
} from "../../../src/protocol/objects/index.js";
import { CompletionSchema, type Completion, type Lease } from "../../../src/protocol/wire/veritee_pb.js";
import { CoordinatorClient } from "../../../src/transport/client.js";
import type { FakeChain } from "./fake-chain.js";

export const PROGRAM = "sme-invoice/1";
export const now = (): number => Math.floor(Date.now() / 1000);
export const random = (n: number): Bytes => Uint8Array.from(randomBytes(n));
export const randomField = (): Field => fieldFromDigest(random(32));
const MEASUREMENT = "22".repeat(48) as Measurement;
const policy = { allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] } as const;
const hpkeKey = { suite: 1, publicKey: random(32) } as const;
export const blobIdOf = (bytes: Bytes): BlobId => createHash("sha256").update(bytes).digest("hex") as BlobId;

export interface Party { readonly key: SigningKey; readonly api: CoordinatorClient }
export function party(url: string): Party {
  const key = signingKey(random(32));
  return { key, api: new CoordinatorClient({ url, key }) };
}

export interface Dataset { readonly id: string; readonly leaf: Field; readonly authority: LedgerAddress; readonly blobs: readonly BlobId[]; readonly datasetRoot: Field }

/** Stores a dataset of one chunk and waits until its leaf is on the ledger. */
export async function publishDataset(owner: Party, change: Partial<DatasetManifest> = {}): Promise<Dataset> {
  const sealed = [random(64), random(128)];
  const blobs = await Promise.all(sealed.map((bytes) => owner.api.putBlob(bytes)));
  const authority = toHex(random(20)) as LedgerAddress;
  const signed = datasetManifest.sign({
    program: PROGRAM, owner: owner.key.publicKey, datasetId: random(32), datasetVersion: 1,
    segments: sealed.map((bytes, index) => ({ index, ciphertext: blobIdOf(bytes), ciphertextLength: bytes.length, commitment: index === 0 ? undefined : randomField() })),
    datasetRoot: randomField(), aggregateCommitment: randomField(), leaf: randomField(), sourceClass: 0, createdAt: now(), registryAuthority: authority,
    ...change,
  }, owner.key);
  await owner.api.putDatasetManifest(signed.envelope);
  const leaf = signed.value.leaf;
  await owner.api.registerLeaf(leaf, authority, random(65));
  await until(async () => (await owner.api.leaf(leaf)).state === "anchored", 60_000);
  return { id: signed.id, leaf, authority, blobs, datasetRoot: signed.value.datasetRoot };
}

export async function publishGrant(owner: Party, dataset: Dataset, grantee: Party, change: Partial<Grant> = {}): Promise<string> {
  const signed = grant.sign({
    owner: owner.key.publicKey, dataset: dataset.id as Grant["dataset"], programs: [PROGRAM], grantee: grantee.key.publicKey, purpose: "credit",
    notBefore: now() - 10, notAfter: now() + 3600, maxUses: 1000, ...policy, nonce: random(32), resultKey: hpkeKey, ...change,
  }, owner.key);
  await owner.api.putGrant(signed.envelope);
  return signed.id;
}

export async function publishModel(platform: Party): Promise<string> {
  const sealed = random(256);
  const ciphertext = await platform.api.putBlob(sealed);
  const signed = modelManifest.sign({
    program: PROGRAM, platform: platform.key.publicKey, modelCommitment: randomField(), modelId: random(32), createdAt: now(),
    sealedModel: { index: 0, ciphertext, ciphertextLength: sealed.length, commitment: undefined },
  }, platform.key);
  await platform.api.putModelManifest(signed.envelope);
  return signed.id;
}

export interface Case { readonly owner: Party; readonly platform: Party; readonly dataset: Dataset; readonly grant: string; readonly model: string }

/** An enterprise and a platform with everything that a job needs. */
export async function prepareCase(url: string): Promise<Case> {
  const [owner, platform] = [party(url), party(url)];
  const dataset = await publishDataset(owner);
  return { owner, platform, dataset, grant: await publishGrant(owner, dataset, platform), model: await publishModel(platform) };
}

export function signJob(c: Case, change: Partial<JobRequest> = {}) {
  return jobRequest.sign({
    program: PROGRAM, platform: c.platform.key.publicKey, dataset: c.dataset.id as JobRequest["dataset"], grant: c.grant as JobRequest["grant"],
    model: c.model as JobRequest["model"], purpose: "credit", nonce: random(32), createdAt: now(), notAfter: now() + 600, resultKey: hpkeKey,
    ...policy, releaseRule: "grade", requireProvedDataset: false, ...change,
  }, c.platform.key);
}

export const submit = async (c: Case, change: Partial<JobRequest> = {}): Promise<JobId> => (await c.platform.api.submitJob(signJob(c, change).envelope)).id;

export interface WorkerParty extends Party { readonly identity: WorkerIdentity }

export async function registerWorker(url: string): Promise<WorkerParty> {
  const worker = party(url);
  const identity = { signingKey: worker.key.publicKey, ledgerAddress: toHex(random(20)) as LedgerAddress };
  const nonce = await worker.api.workerChallenge();
  await worker.api.registerWorker({ worker: identity, evidence: { platform: "sim", evidence: random(100), collateral: new Uint8Array() }, nonce, appraisedAt: 0 });
  return { ...worker, identity };
}

/** What an honest worker would hand in; the proof is noise, which only the ledger and verifiers look at. */
export function completionOf(worker: WorkerParty, lease: Pick<Lease, "jobId">, parties: readonly Party[], chain: FakeChain, change: Partial<ReceiptStatement> = {}): Completion {
  const point = () => random(32);
  const job = hexId<JobId>(toHex(lease.jobId), 32, "job");
  const receipt = receiptStatement.sign({
    program: PROGRAM, registryRoot: randomField(), resultCommitment: randomField(), jobBinding: jobBinding(idBytes(job)), asOfDay: 19000, sourceClass: 0,
    proof: { a: [point(), point()], b: [point(), point(), point(), point()], c: [point(), point()] }, verificationKeySha256: random(32),
    worker: worker.identity, ledgerSignature: random(65), createdAt: now(), chainId: chain.deployment.chainId, ledger: chain.deployment.receiptLedger,
    developmentParameters: true, simulated: true, datasetProved: false, ...change,
  }, worker.key);
  const results = parties.map((p) => sealedResult.sign({ job, recipient: p.key.publicKey, box: { suite: 1, enc: random(32), ciphertext: random(200) } }, worker.key).envelope);
  return create(CompletionSchema, { receipt: receipt.envelope, results, timingsJson: new TextEncoder().encode(JSON.stringify({ prove: 1200 })) });
}

export async function until(condition: () => Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error("the condition did not come true in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
