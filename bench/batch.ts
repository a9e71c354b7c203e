import { bn254 } from "@noble/curves/bn254.js";
import { scoreCircuitOf, verificationKeyOf } from "../src/proofs/artefacts.js";
import type { Groth16Proof } from "../src/proofs/types.js";
import { MAX_BATCH, verifyBatch, type ProofItem } from "../src/proofs/verify-batch.js";
import { artefactsIn } from "../src/prover/artefact-files.js";
import { terminate } from "../src/prover/engine.js";
import { snarkjsProver } from "../src/prover/groth16.js";
import { figure, times, type Figures } from "./figures.js";
import { statement } from "./proofs.js";

const RUNS = 5;
const PROGRAM = "sme-invoice/1";
const CIRCUIT = scoreCircuitOf(PROGRAM);

/** Verification a proof, by the size of the batch; nothing about the proofs is cached, the key is warm. */
export async function benchBatch(artefacts: string): Promise<Figures> {
  const { input } = await statement(PROGRAM);
  const { proof, signals } = await snarkjsProver(artefactsIn(artefacts)).prove(CIRCUIT, input);
  await terminate();
  // Different points each: a proof is malleable, and the verifier cannot tell.
  const items: ProofItem[] = Array.from({ length: MAX_BATCH }, (_, i) => ({ signals, proof: malleated(proof, BigInt(i + 1)) }));
  const key = verificationKeyOf(CIRCUIT);
  const figures: Figures = {};
  for (const k of [1, 4, 16, MAX_BATCH]) {
    const batch = items.slice(0, k);
    verifyBatch(key, batch);
    figures[`time.verify.batch.k${k}.perProof`] = figure((await times(RUNS, () => verifyBatch(key, batch))).map((ms) => ms / k), "ms");
  }
  return figures;
}

/** (sA, B/s, C) */
function malleated({ a, b, c }: Groth16Proof, s: bigint): Groth16Proof {
  const { x, y } = bn254.G2.Point.fromAffine({ x: { ...b.x }, y: { ...b.y } }).multiply(bn254.fields.Fr.inv(s)).toAffine();
  return {
    a: bn254.G1.Point.fromAffine(a).multiply(s).toAffine(),
    b: { x: { c0: x.c0, c1: x.c1 }, y: { c0: y.c0, c1: y.c1 } },
    c,
  };
}
