import { ensure, VeriteeError } from "../../protocol/errors.js";
import { insertDigest, revokeDigest, signLedger, type LedgerPlace } from "../../protocol/ledger-digest.js";
import { datasetProofToBytes, type DatasetManifest, type DatasetProof } from "../../protocol/objects/index.js";
import type { EnterpriseApi, LeafView } from "../../transport/api.js";
import type { Enterprise } from "../identity.js";
import { untilOnLedger } from "./publish.js";

// A dataset's second registration: in the registry of proved datasets, with the proof that its aggregates are those of its
// records. The same account decides over both.

/** Stores the proof and has the leaf registered as proved. May be repeated: the same proof is the same blob. */
export async function publishProof(enterprise: Enterprise, manifest: DatasetManifest, proof: DatasetProof, api: EnterpriseApi): Promise<LeafView> {
  ensure(proof.leaf === manifest.leaf, "manifest_mismatch", "the proof is about another dataset", { field: "leaf" });
  const stored = await api.putBlob(datasetProofToBytes(proof));
  const { address, privateKey } = enterprise.registryAuthority(manifest.datasetId, manifest.datasetVersion);
  return api.registerProvedLeaf(manifest.leaf, stored, address, signLedger(insertDigest(await placeOf(api), manifest.leaf), privateKey));
}

/** Takes a dataset version out of the registry of proved datasets. */
export async function withdrawProof(enterprise: Enterprise, manifest: DatasetManifest, api: EnterpriseApi): Promise<LeafView> {
  const { privateKey } = enterprise.registryAuthority(manifest.datasetId, manifest.datasetVersion);
  return api.revokeProvedLeaf(manifest.leaf, signLedger(revokeDigest(await placeOf(api), manifest.leaf), privateKey));
}

/** The same, if the dataset was ever registered there: the two registrations are withdrawn one by one. */
export async function withdrawProofIfAny(enterprise: Enterprise, manifest: DatasetManifest, api: EnterpriseApi): Promise<LeafView | undefined> {
  try {
    await api.provedLeaf(manifest.leaf);
  } catch (error) {
    if (error instanceof VeriteeError && error.code === "not_found") return undefined;
    throw error;
  }
  return withdrawProof(enterprise, manifest, api);
}

/**
 * Resolves when the ledger has checked the proof and holds the leaf.
 * @throws chain_refused with the ledger's reason, chain_unavailable after the time
 */
export const untilProved = (api: EnterpriseApi, { leaf }: DatasetManifest, timeoutSeconds: number): Promise<LeafView> =>
  untilOnLedger("proof", () => api.provedLeaf(leaf), timeoutSeconds);

async function placeOf(api: EnterpriseApi): Promise<LedgerPlace> {
  const { chainId, provedDatasetRegistry } = await api.deployment();
  return { chainId, contract: provedDatasetRegistry };
}
