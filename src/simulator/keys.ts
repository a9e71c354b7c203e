import type { Bytes } from "../protocol/bytes.js";

/** A key that signs certificates and revocation lists. */
export interface SigningKeyPair {
  /** SubjectPublicKeyInfo. */
  readonly spki: Bytes;
  /** AlgorithmIdentifier of its signatures. */
  readonly algorithm: Bytes;
  /** The signature as X.509 carries it; the same message always gives the same signature. */
  sign(message: Bytes): Bytes;
}
