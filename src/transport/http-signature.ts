import { createSignatureSync } from "http-message-sig";
import { toHex, type Bytes } from "../protocol/bytes.js";
import type { SigningKey } from "../protocol/dsse.js";
import { ensure } from "../protocol/errors.js";
import { contentDigest } from "./content-digest.js";

/** What every request signature covers (RFC 9421 2): the whole request but headers that mean nothing to us. */
export const SIGNED_COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"] as const;
/** RFC 9421 2.3: keeps a signature made for another protocol with the same key from being taken here. */
export const SIGNATURE_TAG = "veritee";
export const SIGNATURE_ALGORITHM = "ed25519";
/** How long a signature is taken, in seconds, and how far clocks may differ. */
export const SIGNATURE_WINDOW_SECONDS = 60;
export const CLOCK_SKEW_SECONDS = 5;

export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: Bytes;
}

export interface Freshness {
  /** Unix seconds. */
  readonly now: number;
  /** At least 16 random bytes, never used before with this key. */
  readonly nonce: Bytes;
}

/** The header fields that authenticate a request: content-digest, signature-input and signature. */
export function signRequest(request: OutgoingRequest, key: SigningKey, freshness: Freshness): Record<string, string> {
  ensure(freshness.nonce.length >= 16, "input_invalid", "a request nonce has at least 16 bytes", { length: freshness.nonce.length });
  const digest = contentDigest(request.body);
  const message = {
    kind: "request",
    method: request.method,
    targetUri: request.url.href,
    fields: [{ name: "content-digest", value: digest }],
  } as const;
  const { signature, signatureInput } = createSignatureSync(message, {
    label: "veritee",
    components: SIGNED_COMPONENTS,
    parameters: {
      created: freshness.now, nonce: toHex(freshness.nonce), keyid: key.publicKey, alg: SIGNATURE_ALGORITHM, tag: SIGNATURE_TAG,
    },
    signer: { algorithm: SIGNATURE_ALGORITHM, sign: (base) => key.sign(base) },
  });
  return { "content-digest": digest, "signature-input": signatureInput, signature };
}
