import type { ProofItem } from "../../src/proofs/verify-batch.js";
import { proofFromWire } from "../../src/proofs/codec.js";
import { verificationKeyFromBytes } from "../../src/proofs/vk.js";
import type { VerificationKey } from "../../src/proofs/types.js";
import { create } from "@bufbuild/protobuf";
import type { ProofBytes } from "../../src/protocol/objects/proof-bytes.js";
import { Groth16ProofSchema } from "../../src/protocol/wire/veritee_pb.js";
import { simulatedKey, type SimulatedKey } from "../contracts/harness/groth16.js";
import type { Rng } from "../contracts/harness/rng.js";

/** A key whose trapdoor is known, so that claims cost no proving. */
export interface ClaimMaker {
  readonly simulated: SimulatedKey;
  readonly key: VerificationKey;
  /** About random signals, and true. */
  honest(): ProofItem;
  batch(k: number): ProofItem[];
}

/** @throws input_invalid on a coordinate that is not canonical */
export const proofFromBytes = ({ a, b, c }: ProofBytes) =>
  proofFromWire(create(Groth16ProofSchema, { a: [...a], b: [...b], c: [...c] }));

export function claimMaker(rng: Rng): ClaimMaker {
  const simulated = simulatedKey(rng, 5);
  const honest = (): ProofItem => {
    const signals = Array.from({ length: 5 }, () => rng.field());
    return { signals, proof: proofFromBytes(simulated.prove(signals)) };
  };
  return { simulated, key: verificationKeyFromBytes(simulated.bytes), honest, batch: (k) => Array.from({ length: k }, honest) };
}
