import { setTimeout as sleep } from "node:timers/promises";
import type { Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { BlobId } from "../../protocol/ids.js";
import { insertDigest, revokeDigest, signLedger } from "../../protocol/ledger-digest.js";
import type { DatasetManifest } from "../../protocol/objects/index.js";
import type { EnterpriseApi, LeafView } from "../../transport/api.js";
import type { Enterprise } from "../identity.js";
import type { DatasetStep, SealedDataset } from "./prepare.js";

/** Which ciphertexts the coordinator has acknowledged, so that an interrupted upload goes on where it stopped. */
export interface UploadJournal {
  has(id: BlobId): boolean;
  add(id: BlobId): Promise<void>;
}

export const memoryJournal = (ids = new Set<BlobId>()): UploadJournal =>
  ({ has: (id) => ids.has(id), add: async (id) => void ids.add(id) });

export interface PublishPorts {
  readonly api: EnterpriseApi;
  readonly journal?: UploadJournal;
  readonly onStep?: (step: DatasetStep) => void;
}

/**
 * Step 1 of the figure, second half: uploads the sealed segments, then the manifest, then has the leaf registered. Every
 * call may be repeated: blobs are named by their content and objects by their bytes.
 */
export async function publishDataset(enterprise: Enterprise, dataset: SealedDataset, ports: PublishPorts): Promise<LeafView> {
  await upload(dataset, ports);
  await ports.api.putDatasetManifest(dataset.manifest.envelope);
  ports.onStep?.({ step: "register", done: 0, of: 1 });
  return registerLeaf(enterprise, dataset.manifest.value, ports.api);
}

async function upload({ manifest, ciphertexts }: SealedDataset, { api, journal = memoryJournal(), onStep }: PublishPorts): Promise<void> {
  for (const { index, ciphertext } of manifest.value.segments) {
    if (!journal.has(ciphertext)) {
      const stored = await api.putBlob(ciphertexts[index] as Bytes);
      ensure(stored === ciphertext, "commitment_mismatch", "the coordinator names the ciphertext otherwise", { segment: index });
      await journal.add(ciphertext);
    }
    onStep?.({ step: "upload", done: index + 1, of: ciphertexts.length });
  }
}

async function registerLeaf(enterprise: Enterprise, manifest: DatasetManifest, api: EnterpriseApi): Promise<LeafView> {
  const { address, privateKey } = enterprise.registryAuthority(manifest.datasetId, manifest.datasetVersion);
  const digest = insertDigest(await registryOf(api), manifest.leaf);
  return api.registerLeaf(manifest.leaf, address, signLedger(digest, privateKey));
}

/** Takes a dataset version off the ledger: proofs made against it are refused from then on. */
export async function withdrawDataset(enterprise: Enterprise, manifest: DatasetManifest, api: EnterpriseApi): Promise<LeafView> {
  const { privateKey } = enterprise.registryAuthority(manifest.datasetId, manifest.datasetVersion);
  return api.revokeLeaf(manifest.leaf, signLedger(revokeDigest(await registryOf(api), manifest.leaf), privateKey));
}

/**
 * Resolves when the leaf is on the ledger.
 * @throws chain_refused when the ledger refuses it, chain_unavailable after the time
 */
export const untilAnchored = (api: EnterpriseApi, { leaf }: DatasetManifest, timeoutSeconds: number): Promise<LeafView> =>
  untilOnLedger("leaf", () => api.leaf(leaf), timeoutSeconds);

/** Asks until the ledger has taken something, or will not. @throws chain_refused, chain_unavailable after the time */
export async function untilOnLedger(what: string, ask: () => Promise<LeafView>, timeoutSeconds: number): Promise<LeafView> {
  const pause = 100;
  for (let waited = 0; waited <= timeoutSeconds * 1000; waited += pause) {
    const view = await ask();
    if (view.state === "anchored") return view;
    ensure(view.state === "pending", "chain_refused", `the ledger does not take the ${what}`, { state: view.state, reason: view.reason ?? "" });
    await sleep(pause);
  }
  throw new VeriteeError("chain_unavailable", `the ${what} is not on the ledger yet`, { timeoutSeconds });
}

async function registryOf(api: EnterpriseApi): Promise<{ chainId: number; contract: DatasetManifest["registryAuthority"] }> {
  const { chainId, datasetRegistry } = await api.deployment();
  return { chainId, contract: datasetRegistry };
}
