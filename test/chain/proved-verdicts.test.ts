import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, type ChainClient } from "../../src/chain/client.js";
import { insertArgs, with0x } from "../../src/chain/encode.js";
import { refused } from "../../src/chain/errors.js";
import { provedDatasetRegistryAbi } from "../../src/chain/generated/proved-dataset-registry.js";
import type { ProvedLeaf } from "../../src/chain/ports.js";
import { verifyDatasetProof, type DatasetKeys } from "../../src/proofs/dataset-proof.js";
import { verificationKeyFromBytes, verificationKeySha256 } from "../../src/proofs/vk.js";
import type { Field } from "../../src/protocol/field.js";
import { insertDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import type { DatasetProof } from "../../src/protocol/objects/dataset-proof.js";
import type { ProofBytes } from "../../src/protocol/objects/proof-bytes.js";
import { malleate, type SimulatedKey } from "../contracts/harness/groth16.js";
import { startWorld, type World } from "../contracts/harness/world.js";

const SEED = 20_260_304;
const RUNS = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 40);

let w: World;
let client: ChainClient;
let keys: DatasetKeys;
beforeAll(async () => {
  w = await startWorld("proved verdicts");
  client = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
  const pinned = ({ bytes }: SimulatedKey) => {
    const key = verificationKeyFromBytes(bytes);
    return { key, sha256: verificationKeySha256(key), development: true };
  };
  keys = { ingest: pinned(w.ingestKey), dataset: pinned(w.datasetKey) };
}, 120_000);
afterAll(() => w?.stop());

const at = <T>(list: readonly T[], place: number): number => place % list.length;
const other = (): ProofBytes => w.ingestKey.prove([w.rng.field(), w.rng.field()]);
type Change = (p: DatasetProof, place: number) => DatasetProof;
const HONEST: Readonly<Record<string, Change>> = {
  "nothing": (p) => p,
  "proofs made anew of the old": (p, n) => ({ ...p, chunks: p.chunks.map((c) => malleate(c, BigInt(n) + 2n)), dataset: malleate(p.dataset, BigInt(n) + 3n) }),
};
const SPOILED: Readonly<Record<string, Change>> = {
  "another state": (p, n) => ({ ...p, states: p.states.with(at(p.states, n), w.rng.field()) }),
  "another leaf": (p) => ({ ...p, leaf: w.rng.field() }),
  "another dataset root": (p) => ({ ...p, datasetRoot: w.rng.field() }),
  "a proof of something else": (p, n) => (p.chunks.length === 0 ? { ...p, dataset: other() } : { ...p, chunks: p.chunks.with(at(p.chunks, n), other()) }),
  "a step twice": (p, n) => ({ ...p, states: [...p.states, p.states[at(p.states, n)] as Field], chunks: [...p.chunks, p.chunks[0] ?? other()] }),
  "a step left out": (p) => (p.chunks.length === 0 ? { ...p, leaf: w.rng.field() } : { ...p, states: p.states.slice(1), chunks: p.chunks.slice(1) }),
  "the order of states": (p) => (p.states.length === 1 ? { ...p, leaf: w.rng.field() } : { ...p, states: p.states.toReversed() }),
  "a class without a key": (p) => ({ ...p, sourceClass: 1 }),
  "a key without a class": (p) => ({ ...p, sourceKey: w.rng.field() }),
};

function acceptedOffChain(proof: DatasetProof): boolean {
  try {
    verifyDatasetProof(proof, keys);
    return true;
  } catch {
    return false;
  }
}

async function acceptedOnChain(proof: DatasetProof, { authority }: ProvedLeaf): Promise<boolean> {
  const place = { chainId: w.deployment.chainId, contract: w.deployment.provedDatasetRegistry };
  const args = insertArgs({ proof, authority, signature: signLedger(insertDigest(place, proof.leaf), w.authorityKey) }, 0);
  const call = { address: with0x(w.deployment.provedDatasetRegistry), abi: provedDatasetRegistryAbi, functionName: "insert", args } as never;
  return client.viem.simulateContract(call).then(() => true, (e: unknown) => {
    expect(refused("insert", e).code).toBe("chain_refused");
    return false;
  });
}

it("the registry and the offline verifier give the same verdict on dataset proofs, honest, malleated and spoiled alike", async () => {
  const changes = { ...HONEST, ...SPOILED };
  const kind = fc.oneof(fc.constantFrom(...Object.keys(HONEST)), fc.constantFrom(...Object.keys(SPOILED)));
  const verdicts = { accepted: 0, refused: 0 };
  await fc.assert(fc.asyncProperty(kind, fc.nat(4), fc.nat(1_000), async (name, chunks, place) => {
    const leaf = w.provedLeaf(chunks);
    const proof = (changes[name] as Change)(leaf.proof, place);
    const onChain = await acceptedOnChain(proof, leaf);
    expect(acceptedOffChain(proof)).toBe(onChain);
    expect(onChain).toBe(name in HONEST);
    verdicts[onChain ? "accepted" : "refused"] += 1;
  }), { seed: SEED, numRuns: RUNS });
  expect(verdicts.accepted).toBeGreaterThan(RUNS / 5);
  expect(verdicts.refused).toBeGreaterThan(RUNS / 5);
}, 240_000);
