import { signalList, type LedgerSignals } from "../../src/protocol/ledger-digest.js";
import { programId, scoreCircuitOf } from "../../src/proofs/artefacts.js";
import type { PinnedKey } from "../../src/proofs/pinned-key.js";
import type { Groth16Proof } from "../../src/proofs/types.js";
import { verifyProof } from "../../src/proofs/verify.js";
import type { Computed } from "./compute.js";
import type { Session } from "./session.js";

/** A score proof with the signals that it is for and the key that it verifies under. */
export interface ProvedResult {
  readonly program: string;
  readonly signals: LedgerSignals;
  readonly proof: Groth16Proof;
  readonly key: PinnedKey;
}

/**
 * Proves the score (docs/protocol.md 7) and verifies the proof before it leaves: a prover that fails, or a proving key that
 * is not the pinned one, is found here and not by the ledger.
 * @throws unsupported, witness_invalid, artefact_mismatch, parameters_insecure, proof_invalid
 */
export async function proveScore({ ports, guard, phases }: Session, program: string, { input, publicSignals }: Computed): Promise<ProvedResult> {
  const key = ports.pinnedKeys(program);
  const signals: LedgerSignals = {
    registryRoot: publicSignals.R,
    resultCommitment: publicSignals.K,
    jobBinding: publicSignals.J,
    asOfDay: publicSignals.asOfDay,
    sourceClass: publicSignals.sourceClass,
  };
  const { proof } = await ports.prover.prove(scoreCircuitOf(programId(program)), input);
  phases.advance(0.9);
  await guard.checkpoint();
  verifyProof(key.key, signalList(signals), proof);
  return { program, signals, proof, key };
}
