import { bn254 } from "@noble/curves/bn254.js";
import { utf8 } from "../protocol/bytes.js";
import { fieldFromDigest, type Field } from "../protocol/field.js";
import { digest } from "../protocol/hash.js";
import type { VerificationKey } from "./types.js";

/** Name of the only contribution of a development key; whoever reads it must not trust the key. */
export const DEVELOPMENT_MARK = "veritee-development-INSECURE";

/** The secrets behind a proving key: tau, alpha, beta, delta; gamma is 1. Who knows them can forge. */
export interface Trapdoor {
  readonly tau: Field;
  readonly alpha: Field;
  readonly beta: Field;
  readonly delta: Field;
}

/**
 * A trapdoor that everyone knows, one a circuit. Anyone can forge proofs for keys made from it: it saves development a
 * ceremony and gives everybody the same key.
 */
export function publicTrapdoor(circuit: string): Trapdoor {
  const secret = (name: string) => fieldFromDigest(digest(`${DEVELOPMENT_MARK}/v1`, utf8(circuit), utf8(name)));
  return { tau: secret("tau"), alpha: secret("alpha"), beta: secret("beta"), delta: secret("delta") };
}

/** Whether a key shares a point with the circuit's development key, up to its sign: it then hangs on a public secret. */
export function isDevelopmentKey(circuit: string, { alpha, beta, delta }: VerificationKey): boolean {
  const secrets = publicTrapdoor(circuit);
  const [b, d] = [secrets.beta, secrets.delta].map((secret) => bn254.G2.Point.BASE.multiply(secret).toAffine().x);
  return bn254.G1.Point.BASE.multiply(secrets.alpha).toAffine().x === alpha.x
    || (b?.c0 === beta.x.c0 && b.c1 === beta.x.c1) || (d?.c0 === delta.x.c0 && d.c1 === delta.x.c1);
}
