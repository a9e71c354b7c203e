import type { Field } from "../../src/protocol/field.js";
import type { IngestPlan } from "../../src/programs/ingest.js";
import { proofFromWire } from "../../src/proofs/codec.js";
import type { DatasetKeys } from "../../src/proofs/dataset-proof.js";
import type { Prover } from "../../src/proofs/prover.js";
import { verificationKeyFromBytes, verificationKeySha256 } from "../../src/proofs/vk.js";
import { seeded } from "../contracts/harness/rng.js";
import { simulatedKey, type SimulatedKey } from "../contracts/harness/groth16.js";

// A proving system whose trapdoor the tests know: statements of any signals in milliseconds, for what does not depend on
// the circuits themselves.

const pinned = ({ bytes }: SimulatedKey) => {
  const key = Object.freeze(verificationKeyFromBytes(bytes));
  return { key, sha256: verificationKeySha256(key), development: true };
};

export const ingestKey = simulatedKey(seeded("ingest key"), 2);
export const datasetKey = simulatedKey(seeded("dataset key"), 6);
export const KEYS: DatasetKeys = { ingest: pinned(ingestKey), dataset: pinned(datasetKey) };

/** A plan of n chunks whose inputs are their public signals. */
export function planOf(n: number, seed = "plan"): IngestPlan {
  const rng = seeded(seed);
  const states = Array.from({ length: n + 1 }, () => rng.field() as Field);
  const [leaf, datasetRoot] = [rng.field() as Field, rng.field() as Field];
  return {
    states, leaf, datasetRoot,
    chunkInput: (i) => ({ signals: [states[i - 1] as bigint, states[i] as bigint] }),
    datasetInput: { signals: [states[0] as bigint, states[n] as bigint, leaf, datasetRoot, 0n, 0n] },
  };
}

/** Proves whatever it is asked to and counts. */
export function trapdoorProver(onProve: (circuit: string) => void = () => undefined): Prover {
  return {
    prove: async (circuit, { signals }) => {
      onProve(circuit);
      const key = circuit.startsWith("ingest") ? ingestKey : datasetKey;
      return { proof: proofFromWire(key.prove(signals as bigint[])), signals: signals as bigint[], timings: { witnessMs: 0, proveMs: 0 } };
    },
  };
}
