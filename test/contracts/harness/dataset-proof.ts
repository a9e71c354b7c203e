import type { Field } from "../../../src/protocol/field.js";
import { sha256 } from "../../../src/protocol/hash.js";
import type { DatasetProof } from "../../../src/protocol/objects/dataset-proof.js";
import type { SimulatedKey } from "./groth16.js";
import type { Rng } from "./rng.js";

export interface Prover {
  readonly program: string;
  readonly rng: Rng;
  readonly ingestKey: SimulatedKey;
  readonly datasetKey: SimulatedKey;
}

/** A dataset proof of n chunks over random values; what is changed is changed before it is proved, but proofs themselves after. */
export function honestProof({ program, rng, ingestKey, datasetKey }: Prover, chunks: number, change: Partial<DatasetProof> = {}): DatasetProof {
  const said = {
    program, leaf: rng.field(), datasetRoot: rng.field(), sourceClass: 0, sourceKey: 0n as Field, endorsement: undefined,
    states: Array.from({ length: chunks + 1 }, () => rng.field()), ...change,
  };
  const { states, leaf, datasetRoot, sourceClass, sourceKey } = said;
  return {
    chunks: change.chunks ?? states.slice(1).map((state, i) => ingestKey.prove([states[i] as bigint, state])),
    dataset: datasetKey.prove([states[0] as bigint, states.at(-1) as bigint, leaf, datasetRoot, BigInt(sourceClass), sourceKey]),
    ingestKeySha256: sha256(ingestKey.bytes), datasetKeySha256: sha256(datasetKey.bytes),
    ...said,
  };
}
