import { afterAll, beforeAll, expect, it } from "vitest";
import { evmChain } from "../../src/coordinator/chain-adapter.js";
import { jobBinding } from "../../src/protocol/commitments.js";
import { idBytes, type LedgerAddress } from "../../src/protocol/ids.js";
import { insertDigest, ledgerAddress, revokeDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import { datasetManifest } from "../../src/protocol/objects/index.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";
import { FAR, startWorld, type World } from "../contracts/harness/world.js";
import { blobIdOf, completionOf, now, party, publishGrant, publishModel, random, randomField, registerWorker, submit, until, type Case, type Dataset } from "./harness/parties.js";
import { startService, type Service } from "./harness/service.js";

let w: World;
let service: Service;
beforeAll(async () => {
  w = await startWorld("coordinator");
  const chain = evmChain(w.reader, w.sender);
  service = await startService({}, { chain: chain as never });
});
afterAll(async () => {
  await service?.close();
  await w?.stop();
});

it("anchors a job's receipt on an EVM ledger, and refuses jobs for a leaf that was revoked there", async () => {
  const [owner, platform] = [party(service.url), party(service.url)];
  const place = { chainId: w.deployment.chainId, contract: w.deployment.datasetRegistry };
  const sealed = random(64);
  await owner.api.putBlob(sealed);
  const leaf = randomField();
  const authority: LedgerAddress = ledgerAddress(w.authorityKey);
  const manifest = datasetManifest.sign({
    program: "sme-invoice/1", owner: owner.key.publicKey, datasetId: random(32), datasetVersion: 1, datasetRoot: randomField(), aggregateCommitment: randomField(),
    segments: [{ index: 0, ciphertext: blobIdOf(sealed), ciphertextLength: 64, commitment: undefined }],
    leaf, sourceClass: 0, createdAt: now(), registryAuthority: authority,
  }, owner.key);
  await owner.api.putDatasetManifest(manifest.envelope);
  expect((await owner.api.registerLeaf(leaf, authority, signLedger(insertDigest(place, leaf), w.authorityKey))).state).toBe("pending");
  await until(async () => (await owner.api.leaf(leaf)).state === "anchored", 20_000);

  const dataset: Dataset = { id: manifest.id, leaf, authority, blobs: [blobIdOf(sealed)] };
  const c: Case = { owner, platform, dataset, grant: await publishGrant(owner, dataset, platform), model: await publishModel(platform) };
  const worker = await registerWorker(service.url);
  await w.sender.registerWorker(ledgerAddress(w.workerKey), random(32), FAR, "sim");
  const job = await submit(c);
  const lease = await worker.api.lease(5) as Lease;

  const { root } = await worker.api.merkleProof(leaf);
  expect(root).toBe(await w.reader.root());
  const submission = w.submission(await w.signals({ registryRoot: root, jobBinding: jobBinding(idBytes(job)) }));
  await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [platform], service.chain, { ...submission, chainId: w.deployment.chainId, ledger: w.deployment.receiptLedger }));
  await until(async () => (await platform.api.job(job)).state === "done", 20_000);
  const { anchor } = receiptFromJson(await platform.api.receipt(job));
  expect(await w.reader.transaction(anchor.txHash)).toMatchObject({ succeeded: true, blockNumber: anchor.blockNumber, blockHash: anchor.blockHash });
  expect(await w.reader.receipt(submission.jobBinding)).toBe(submission.resultCommitment);

  await owner.api.revokeLeaf(leaf, signLedger(revokeDigest(place, leaf), w.authorityKey));
  await until(async () => (await owner.api.leaf(leaf)).state === "revoked", 20_000);
  await expect(submit(c)).rejects.toMatchObject({ code: "leaf_unknown" });
});
