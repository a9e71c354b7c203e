import { p256, p384 } from "@noble/curves/nist.js";
import type { Bytes } from "../protocol/bytes.js";
import { bitString, objectId, sequence } from "./der-writer.js";
import type { SigningKeyPair } from "./keys.js";
import type { Derive } from "./seed.js";

export interface EcKey extends SigningKeyPair {
  /** x ‖ y. */
  readonly point: Bytes;
  /** r ‖ s, as quotes and COSE carry it. */
  signRaw(message: Bytes): Bytes;
}

const EC_PUBLIC_KEY = "1.2.840.10045.2.1";
const CURVES = {
  "P-256": { curve: p256, id: "1.2.840.10045.3.1.7", signature: "1.2.840.10045.4.3.2" },
  "P-384": { curve: p384, id: "1.3.132.0.34", signature: "1.2.840.10045.4.3.3" },
} as const;

/** An ECDSA key from the seed; nonces by RFC 6979, so that evidence is reproducible. */
export function ecKey(name: keyof typeof CURVES, derive: Derive, label: string): EcKey {
  const { curve, id, signature } = CURVES[name];
  const secret = curve.utils.randomSecretKey(derive(label, curve.lengths.seed as number));
  const point = curve.getPublicKey(secret, false);
  return {
    point: point.slice(1),
    spki: sequence(sequence(objectId(EC_PUBLIC_KEY), objectId(id)), bitString(point)),
    algorithm: sequence(objectId(signature)),
    sign: (message) => curve.sign(message, secret, { format: "der", lowS: false }),
    signRaw: (message) => curve.sign(message, secret, { format: "compact", lowS: false }),
  };
}
