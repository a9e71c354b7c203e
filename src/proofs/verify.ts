import { ensure } from "../protocol/errors.js";
import { equationHolds } from "./equation.js";
import { openItem, openKey } from "./open.js";
import type { Groth16Proof, VerificationKey } from "./types.js";

/**
 * Checks a Groth16 proof: e(A, B) = e(alpha, beta) * e(IC(signals), gamma) * e(C, delta).
 * @throws proof_invalid (points or equation), signal_out_of_range, parameters_insecure (key anyone can forge for)
 */
export function verifyProof(key: VerificationKey, signals: readonly bigint[], proof: Groth16Proof): void {
  const vk = openKey(key);
  ensure(equationHolds(vk, [openItem(vk, { signals, proof })]), "proof_invalid", "the pairing equation does not hold");
}

/** Checks that a key is one that a proof can be trusted under. @throws proof_invalid, parameters_insecure */
export function checkVerificationKey(key: VerificationKey): void {
  openKey(key);
}
