import type { Bytes } from "../protocol/bytes.js";
import { fromHex } from "../protocol/bytes.js";
import { artefactsOf, programId, scoreCircuitOf, verificationKeyOf, type CircuitName } from "./artefacts.js";
import type { VerificationKey } from "./types.js";

/** The one verification key under which a circuit's proofs count. */
export interface PinnedKey {
  readonly key: VerificationKey;
  /** SHA-256 of its canonical bytes. */
  readonly sha256: Bytes;
  /** The setup's toxic waste is public: whoever wants can forge. */
  readonly development: boolean;
}

/** Program, by wire name, to the key of its score circuit. @throws unsupported when no key is pinned */
export type PinnedKeys = (program: string) => PinnedKey;

/** The key that this build pins for a circuit. @throws unsupported */
export function pinnedKeyOf(circuit: CircuitName): PinnedKey {
  const pin = artefactsOf(circuit);
  return { key: verificationKeyOf(circuit), sha256: fromHex(pin.verificationKeySha256), development: pin.parameters === "development-INSECURE" };
}

/** The keys that this build pins. */
export const pinnedKeys: PinnedKeys = (program) => pinnedKeyOf(scoreCircuitOf(programId(program)));
