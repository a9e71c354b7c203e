import { create } from "@bufbuild/protobuf";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppraisalPolicyFile } from "../../src/attestation/policy/schema.js";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { KeyBroker } from "../../src/broker/key-broker.js";
import type { KeyStore, PolicySource } from "../../src/broker/ports.js";
import { ReleaseLog } from "../../src/broker/release-log/log.js";
import { prepareDataset } from "../../src/enterprise/dataset/prepare.js";
import { publishDataset } from "../../src/enterprise/dataset/publish.js";
import { grantBook } from "../../src/enterprise/grant-book.js";
import { grantPolicy } from "../../src/enterprise/grant-policy.js";
import { createGrant, type GrantTerms } from "../../src/enterprise/grant.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { platformFromSeed } from "../../src/platform/identity.js";
import { createJob, submitJob } from "../../src/platform/job.js";
import { modelPolicy } from "../../src/platform/model-policy.js";
import { prepareModel, publishModel } from "../../src/platform/model.js";
import type { Party } from "../../src/broker/party.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import { BrokerItemSchema } from "../../src/protocol/wire/veritee_pb.js";
import type { Measurement } from "../../src/protocol/ids.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { MemoryCoordinator } from "./memory-coordinator.js";
import { AS_OF_DAY, invoices } from "./records.js";
import { manualClock, seededRandom } from "./seeded.js";
import { WorkerDouble } from "./worker-double.js";

export const MEASUREMENT = "ab".repeat(48) as Measurement;
export const PURPOSE = "credit limit of 2026";

export type Deal = Awaited<ReturnType<typeof makeDeal>>;

/** An enterprise, a platform, a granted dataset, a model, a submitted job and both brokers, around a coordinator in memory. */
export async function makeDeal({ seed = "deal", records = 40, grantTerms = {} as Partial<GrantTerms>, appraisalPolicy = undefined as AppraisalPolicyFile | undefined } = {}) {
  const random = seededRandom(seed);
  const clock = manualClock();
  const ports = { random, clock: clock.now };
  const folder = await mkdtemp(join(tmpdir(), "veritee-test-"));
  const coordinator = new MemoryCoordinator();
  const enterprise = enterpriseFromSeed(random(32));
  const platform = platformFromSeed(random(32));
  const enterpriseApi = coordinator.as(enterprise.signing.publicKey);
  const platformApi = coordinator.as(platform.signing.publicKey);
  const policy = { allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] } as const;

  const input = { program: smeInvoice, records: invoices(records), terms: { asOfDay: AS_OF_DAY, termsAmount: 0 } };
  const dataset = await prepareDataset(enterprise, input, ports);
  await publishDataset(enterprise, dataset, { api: enterpriseApi });
  const book = await grantBook(join(folder, "book"), enterprise.signing.publicKey);
  const grant = await createGrant(enterprise, { dataset: dataset.manifest, grantee: platform.signing.publicKey, purpose: PURPOSE, ...policy, ...grantTerms }, ports);
  await book.addGrant(grant);
  const model = await prepareModel(platform, smeInvoice, smeInvoice.defaultModel, ports);
  await publishModel(model, platformApi);
  const newJob = async () => {
    const job = await createJob(platform, { grant, model: model.manifest, ...policy }, ports);
    await submitJob(job, platformApi);
    return job;
  };

  const logs: ReleaseLog[] = [];
  const broker = async (party: Party, source: PolicySource, keys: ReadonlyMap<string, Uint8Array>) => {
    const log = await ReleaseLog.open(join(folder, `log-${party.signing.publicKey.slice(0, 8)}`), party.signing);
    logs.push(log);
    const store: KeyStore = { get: async (s) => copy(keys.get(s)) };
    return { log, broker: new KeyBroker({ identity: party.signing, keys: store, policy: source, log, anchors: SIMULATION_ANCHORS, appraisalPolicy, clock: clock.now, random }) };
  };
  const dataKeys = new Map<string, Uint8Array>([[dataset.manifest.id, dataset.dataKey]]);
  const startData = () => broker(enterprise, grantPolicy(book), dataKeys);
  const models = await broker(platform, modelPolicy(platform.signing.publicKey), new Map([[model.manifest.id, model.modelKey]]));
  const close = async () => {
    for (const log of logs) await log.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  const deal = {
    random, clock, ports, folder, coordinator, enterprise, platform, enterpriseApi, platformApi, policy, input, dataset, book, grant, model,
    job: await newJob(), newJob, worker: new WorkerDouble(random, clock.now, MEASUREMENT), data: await startData(), models, close, dataKeys,
    restartDataBroker: async () => {
      await deal.data.log.close();
      deal.data = await startData();
    },
    itemOf: (request: Envelope, jobEnvelope: Envelope) => create(BrokerItemSchema, { request, job: jobEnvelope }),
  };
  return deal;
}

const copy = (bytes: Uint8Array | undefined): Uint8Array | undefined => (bytes === undefined ? undefined : Uint8Array.from(bytes));
