import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { compareLog } from "../../src/broker/release-log/compare.js";
import { readReleaseLog } from "../../src/broker/release-log/log.js";
import type { BrokerEvent } from "../../src/broker/ports.js";
import { brokerForData, clientOf, issueGrant } from "../../src/cli/roles/enterprise.js";
import { createHome, enterpriseOf, openHome, type Home } from "../../src/cli/roles/home.js";
import type { GrantId, LedgerAddress } from "../../src/protocol/ids.js";
import { datasetManifest, type DatasetManifest, type Signed } from "../../src/protocol/objects/index.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import { MEASUREMENT } from "../harness/deal.js";
import { seededRandom } from "../harness/seeded.js";
import { WorkerDouble } from "../harness/worker-double.js";
import { blobIdOf, now, party, PROGRAM, publishModel, random, randomField, submit, until, type Case, type Party } from "../coordinator/harness/parties.js";
import { startService, type Service } from "../coordinator/harness/service.js";

// The broker as the command runs it, against a coordinator over HTTP: releases, noted heads, destruction, a log that is put back.

const dataKey = new Uint8Array(32).fill(42);
let service: Service;
let root: string;
let home: Home;
let owner: Party;
let c: Case;
let worker: WorkerDouble;
let api: CoordinatorClient;
const events: BrokerEvent[] = [];

beforeAll(async () => {
  // No lease lapses: each job is asked for once.
  service = await startService({ leaseSeconds: 600 });
  root = await mkdtemp(join(tmpdir(), "veritee-http-broker-"));
  home = await createHome(join(root, "acme"), "enterprise", "passphrase");
  owner = { key: enterpriseOf(home).signing, api: clientOf(home, service.url) };
  const dataset = await publish();
  await home.keys.put(dataset.id, dataKey);
  const platform = party(service.url);
  const enclaves = { allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] } as const;
  const grant = await issueGrant(home, service.url, { dataset, grantee: platform.key.publicKey, purpose: "credit", maxUses: 100, ...enclaves });
  c = { owner, platform, dataset: { id: dataset.id } as never, grant: grant.id as GrantId, model: await publishModel(platform) };
  worker = new WorkerDouble(seededRandom("http worker"), now, MEASUREMENT);
  api = new CoordinatorClient({ url: service.url, key: worker.signing });
  await api.registerWorker({ worker: worker.identity, evidence: { platform: "sim", evidence: random(100), collateral: new Uint8Array() }, nonce: await api.workerChallenge(), appraisedAt: 0 });
});
afterAll(async () => {
  await service.close();
  await rm(root, { recursive: true, force: true });
});

async function publish(): Promise<Signed<DatasetManifest, never>> {
  const sealed = random(64);
  await owner.api.putBlob(sealed);
  const signed = datasetManifest.sign({
    program: PROGRAM, owner: owner.key.publicKey, datasetId: random(32), datasetVersion: 1, segments: [{ index: 0, ciphertext: blobIdOf(sealed), ciphertextLength: 64, commitment: undefined }, { index: 1, ciphertext: blobIdOf(sealed), ciphertextLength: 64, commitment: randomField() }],
    datasetRoot: randomField(), aggregateCommitment: randomField(), leaf: randomField(), sourceClass: 0, createdAt: now(), registryAuthority: "22".repeat(20) as LedgerAddress,
  }, owner.key);
  await owner.api.putDatasetManifest(signed.envelope);
  await owner.api.registerLeaf(signed.value.leaf, "22".repeat(20) as LedgerAddress, random(65));
  await until(async () => (await owner.api.leaf(signed.value.leaf)).state === "anchored");
  return signed as never;
}

async function start(of = home): Promise<{ stop: () => Promise<void>; ended: Promise<void> }> {
  const abort = new AbortController();
  const ended = brokerForData(of, service.url, { anchors: SIMULATION_ANCHORS }, abort.signal, (event) => void events.push(event));
  ended.catch(() => undefined);
  return { ended, stop: async () => {
    abort.abort();
    await ended;
  } };
}

const scoreOnce = async (): Promise<Uint8Array> => {
  const job = await submit(c);
  await api.lease(10);
  return worker.fetchKey(api as never, { job, holder: owner.key.publicKey, subject: c.dataset.id as never });
};
const compared = async () => {
  const claims = { requests: await owner.api.keyClaims(), heads: await owner.api.releaseHeads(0) };
  return compareLog(await readReleaseLog(home.folder, owner.key.publicKey), owner.key.publicKey, claims);
};

it("gives a key, leaves its log's head with the coordinator first, and agrees with what the coordinator has", async () => {
  const broker = await start();
  expect(await scoreOnce()).toEqual(dataKey);
  expect(await owner.api.releaseHeads()).toHaveLength(1);
  expect(await compared()).toEqual([]);
  expect((await owner.api.keyClaims())[0]?.reply).toBeDefined();
  await broker.stop();
});

it("does not start with a log that was put back to an earlier state", async () => {
  const before = join(root, "before");
  await cp(home.folder, before, { recursive: true });
  home = await openHome(home.folder, "enterprise", "passphrase");
  const broker = await start();
  expect(await scoreOnce()).toEqual(dataKey);
  await broker.stop();
  const put = await openHome(before, "enterprise", "passphrase");
  await expect((await start(put)).ended).rejects.toMatchObject({ code: "store_failed" });
});

it("gives a destroyed key no more, at once, and writes the signed record while it runs", async () => {
  home = await openHome(home.folder, "enterprise", "passphrase");
  const broker = await start();
  expect(await scoreOnce()).toEqual(dataKey);
  const another = await openHome(home.folder, "enterprise", "passphrase");
  await another.keys.destroy(c.dataset.id);
  await expect(scoreOnce()).rejects.toMatchObject({ code: "key_destroyed" });
  await until(() => Promise.resolve(events.some((event) => event.kind === "destroyed")), 40_000);
  await broker.stop();
  const { deletions } = await readReleaseLog(home.folder, owner.key.publicKey);
  expect([...deletions.values()]).toMatchObject([{ subject: c.dataset.id, owner: owner.key.publicKey }]);
  expect(await compared()).toEqual([]);
});
