import type { Bytes } from "../protocol/bytes.js";
import { fromHex } from "../protocol/bytes.js";
import { artefactsOf, programId, verificationKeyOf } from "./artefacts.js";
import type { VerificationKey } from "./types.js";

/** The one verification key under which a program's proofs count. */
export interface PinnedKey {
  readonly key: VerificationKey;
  /** SHA-256 of its canonical bytes. */
  readonly sha256: Bytes;
  /** The setup's toxic waste is public: whoever wants can forge. */
  readonly development: boolean;
}

/** Program, by wire name, to its key. @throws unsupported when no key is pinned */
export type PinnedKeys = (program: string) => PinnedKey;

/** The keys that this build pins. */
export const pinnedKeys: PinnedKeys = (program) => {
  const id = programId(program);
  const pin = artefactsOf(id);
  return { key: verificationKeyOf(id), sha256: fromHex(pin.verificationKeySha256), development: pin.parameters === "development-INSECURE" };
};
