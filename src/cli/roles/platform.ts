// What a platform does, for its commands and for the demo alike.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrokerEvent, BrokerTrust } from "../../broker/ports.js";
import { createJob, submitJob, type JobOrder } from "../../platform/job.js";
import { modelPolicy } from "../../platform/model-policy.js";
import { openModel, prepareModel, publishModel, type OwnModel } from "../../platform/model.js";
import { openPlatformResult } from "../../platform/open-result.js";
import { envelopeToBytes, type Envelope } from "../../protocol/dsse.js";
import { ensure } from "../../protocol/errors.js";
import type { DatasetManifestId, JobId, ModelManifestId } from "../../protocol/ids.js";
import { jobRequest, modelManifest, sealedResult, type DatasetManifest, type JobRequest, type ModelManifest, type PlatformResult, type Signed } from "../../protocol/objects/index.js";
import { receiptFromJson } from "../../protocol/receipt-file.js";
import type { Program } from "../../programs/program.js";
import { programById } from "../../programs/registry.js";
import type { Scorecard } from "../../programs/scorecard.js";
import { CoordinatorClient } from "../../transport/client.js";
import { runPartyBroker } from "./broker.js";
import { platformOf, type Home } from "./home.js";
import { keepResult, type KeptResult } from "./results.js";
import { clock, random } from "./system.js";

export const clientOf = (home: Home, url: string): CoordinatorClient => new CoordinatorClient({ url, key: platformOf(home).signing });

const modelFolder = (home: Home, id: ModelManifestId): string => join(home.folder, "models", id);
const jobFile = (home: Home, id: JobId): string => join(home.folder, "jobs", `${id}.bin`);

/** Commits to the model, seals it, keeps its key and its signed manifest, publishes it. */
export async function addModel(home: Home, url: string, program: Program, card: Scorecard): Promise<Signed<ModelManifest, ModelManifestId>> {
  const sealed = await prepareModel(platformOf(home), program, card, { random, clock });
  await home.keys.put(sealed.manifest.id, sealed.modelKey);
  sealed.modelKey.fill(0);
  const folder = modelFolder(home, sealed.manifest.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "model.sealed"), sealed.ciphertext, { mode: 0o600 });
  await writeFile(join(folder, "manifest.bin"), envelopeToBytes(sealed.manifest.envelope), { mode: 0o600 });
  await publishModel(sealed, clientOf(home, url));
  return sealed.manifest;
}

export async function readModelManifest(home: Home, id: ModelManifestId): Promise<Signed<ModelManifest, ModelManifestId>> {
  const signed = modelManifest.open(Uint8Array.from(await readFile(join(modelFolder(home, id), "manifest.bin"))));
  ensure(signed.id === id, "store_failed", "the model's folder holds another manifest", { model: id });
  return signed;
}

async function ownModel(home: Home, id: ModelManifestId): Promise<OwnModel> {
  const manifest = await readModelManifest(home, id);
  const key = await home.keys.get(id);
  ensure(key !== undefined, "not_found", "the key store has no key of this model", { model: id });
  const ciphertext = Uint8Array.from(await readFile(join(modelFolder(home, id), "model.sealed")));
  return openModel(platformOf(home), programById(manifest.value.program), manifest.value, key, ciphertext).finally(() => key.fill(0));
}

/** Step 2: keeps the signed job, then submits it. A job that was lost on the way is submitted again by its file. */
export async function orderJob(home: Home, url: string, order: JobOrder): Promise<Signed<JobRequest, JobId>> {
  const job = await createJob(platformOf(home), order, { random, clock });
  await mkdir(join(home.folder, "jobs"), { recursive: true, mode: 0o700 });
  await writeFile(jobFile(home, job.id), envelopeToBytes(job.envelope), { mode: 0o600 });
  await submitJob(job, clientOf(home, url));
  return job;
}

export async function readJob(home: Home, id: JobId): Promise<Signed<JobRequest, JobId>> {
  const job = jobRequest.open(Uint8Array.from(await readFile(jobFile(home, id))));
  ensure(job.id === id, "store_failed", "the job's file holds another job", { job: id });
  return job;
}

/** Fetches receipt and result, opens the result, checks it against the receipt, and keeps it sealed. The receipt itself is a verifier's to judge. */
export async function openJob(
  home: Home, url: string, job: Signed<JobRequest, JobId>, dataset: Signed<DatasetManifest, DatasetManifestId>,
): Promise<{ readonly receipt: unknown; readonly result: PlatformResult }> {
  const api = clientOf(home, url);
  const receipt = await api.receipt(job.id);
  const sealed = (await api.results(job.id)).find((r) => sealedResult.open(r).value.recipient === platformOf(home).signing.publicKey);
  ensure(sealed !== undefined, "not_found", "the coordinator has no result for this platform", { job: job.id });
  const kept: KeptResult = { job: job.id, sealed, dataset };
  const { result } = await openKeptPlatformResult(home, kept, receiptFromJson(receipt).statement);
  await keepResult(home, kept);
  return { receipt, result };
}

/** Opens a fetched result against its receipt's statement. */
export async function openKeptPlatformResult(
  home: Home, { job: id, sealed, dataset }: KeptResult, statement: Envelope,
): Promise<{ readonly result: PlatformResult; readonly model: OwnModel }> {
  const job = await readJob(home, id);
  const model = await ownModel(home, job.value.model);
  const program = programById(job.value.program);
  return { result: await openPlatformResult(platformOf(home), { sealed, statement, job, dataset, model, program }), model };
}

/** Answers key requests for the platform's models until the signal fires. */
export async function brokerForModels(home: Home, url: string, trust: BrokerTrust, signal: AbortSignal, onEvent: (event: BrokerEvent) => void): Promise<void> {
  const { signing } = platformOf(home);
  await runPartyBroker({ home, signing, policy: modelPolicy(signing.publicKey), api: clientOf(home, url), trust, signal, onEvent });
}
