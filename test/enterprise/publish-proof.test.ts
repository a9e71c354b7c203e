import { describe, expect, it } from "vitest";
import { publishProof, untilProved, withdrawProofIfAny } from "../../src/enterprise/dataset/publish-proof.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { Field } from "../../src/protocol/field.js";
import { insertDigest, recoverLedger, revokeDigest } from "../../src/protocol/ledger-digest.js";
import { datasetProofId, datasetProofToBytes, type DatasetManifest, type DatasetProof } from "../../src/protocol/objects/index.js";
import type { EnterpriseApi, LeafView } from "../../src/transport/api.js";
import { seededRandom } from "../harness/seeded.js";

// Promises: what registers or withdraws a proved leaf is good in the registry of proved datasets alone, by the version's own
// account; a refusal comes with the ledger's reason.

const random = seededRandom("publish proof");
const enterprise = enterpriseFromSeed(random(32));
const registry = "ab".repeat(20) as never;
const manifest = { leaf: 5n as Field, datasetId: random(32), datasetVersion: 1 } as unknown as DatasetManifest;
const points = () => ({ a: [random(32), random(32)], b: [random(32), random(32), random(32), random(32)], c: [random(32), random(32)] });
const proof: DatasetProof = {
  program: "sme-invoice/1", leaf: manifest.leaf, datasetRoot: 6n as Field, sourceClass: 0, sourceKey: 0n as Field, states: [7n as Field], chunks: [],
  dataset: points(), ingestKeySha256: random(32), datasetKeySha256: random(32), endorsement: undefined,
};
const account = enterprise.registryAuthority(manifest.datasetId, 1).address;
const place = { chainId: 31337, contract: registry };

function api(states: readonly (LeafView["state"] | "unknown")[]) {
  const calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  let asked = 0;
  const view = (): LeafView => {
    const state = states[Math.min(asked++, states.length - 1)] ?? "unknown";
    if (state === "unknown") throw new VeriteeError("not_found", "not found");
    return { state, txHash: undefined, reason: state === "refused" ? "IngestProofInvalid" : undefined };
  };
  const record = (name: string) => async (...args: unknown[]) => { calls.push({ name, args }); return view(); };
  return {
    calls,
    api: {
      deployment: async () => ({ chainId: 31337, provedDatasetRegistry: registry, datasetRegistry: "cd".repeat(20) }),
      putBlob: async (bytes: Uint8Array) => datasetProofId(bytes),
      provedLeaf: async () => view(), registerProvedLeaf: record("register"), revokeProvedLeaf: record("revoke"),
    } as unknown as EnterpriseApi,
  };
}

describe("a proved leaf", () => {
  it("is registered by the version's account, for the registry of proved datasets, with the stored proof", async () => {
    const double = api(["pending"]);
    await publishProof(enterprise, manifest, proof, double.api);
    const [leaf, stored, authority, signature] = double.calls[0]?.args as [Field, string, string, Uint8Array];
    expect([leaf, stored, authority]).toEqual([manifest.leaf, datasetProofId(datasetProofToBytes(proof)), account]);
    expect(recoverLedger(insertDigest(place, manifest.leaf), signature)).toBe(account);
  });

  it("is not registered with another dataset's proof", async () => {
    const double = api(["pending"]);
    await expect(publishProof(enterprise, manifest, { ...proof, leaf: 9n as Field }, double.api)).rejects.toMatchObject({ code: "manifest_mismatch" });
    expect(double.calls).toEqual([]);
  });

  it("is waited for until the ledger has decided", async () => {
    expect((await untilProved(api(["pending", "pending", "anchored"]).api, manifest, 5)).state).toBe("anchored");
    await expect(untilProved(api(["pending", "refused"]).api, manifest, 5)).rejects.toMatchObject({ code: "chain_refused", facts: { reason: "IngestProofInvalid" } });
    await expect(untilProved(api(["pending"]).api, manifest, 0.2)).rejects.toMatchObject({ code: "chain_unavailable" });
  });

  it("is withdrawn if it ever was registered, by a signature for that registry", async () => {
    const double = api(["anchored", "revoked"]);
    expect((await withdrawProofIfAny(enterprise, manifest, double.api))?.state).toBe("revoked");
    const [leaf, signature] = double.calls[0]?.args as [Field, Uint8Array];
    expect(leaf).toBe(manifest.leaf);
    expect(recoverLedger(revokeDigest(place, manifest.leaf), signature)).toBe(account);
    expect(await withdrawProofIfAny(enterprise, manifest, api(["unknown"]).api)).toBeUndefined();
  });
});
