import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { isSignatureError, verifySignature, type SignatureParameters } from "http-message-sig";
import { toBase64, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { idBytes, partyKey, type PartyKey } from "../protocol/ids.js";
import { CLOCK_SKEW_SECONDS, SIGNATURE_ALGORITHM, SIGNATURE_TAG, SIGNATURE_WINDOW_SECONDS, SIGNED_COMPONENTS } from "./http-signature.js";

/** A request's head as received: nothing decoded, nothing normalised. */
export interface IncomingHead {
  readonly method: string;
  /** Scheme, host as in the Host field, and the request target as on the wire. */
  readonly targetUri: string;
  /** In order, repeated fields repeated. */
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

export interface VerifiedHead {
  readonly caller: PartyKey;
  /** Lower-case hex, single use. */
  readonly nonce: string;
  /** Unix seconds after which this signature is refused for its age, so the nonce may be forgotten. */
  readonly forgetAfter: number;
  /** The signed Content-Digest: the caller must still compare the body with it (content-digest.ts). */
  readonly contentDigest: string;
}

/** Remembers nonces until they are too old to matter. Shared by every replica of a service. */
export interface NonceStore {
  /** False when this caller used this nonce before. */
  remember(caller: PartyKey, nonce: string, forgetAfter: number): Promise<boolean>;
}

const REQUIRED_PARAMETERS = ["created", "nonce", "keyid", "alg", "tag"];

/**
 * Checks who signed a request's head, and when. The caller must still compare the authority with its own, compare the
 * body with the digest, and have the nonce remembered.
 * @param now Unix seconds
 * @throws request_unauthenticated, request_expired
 */
export async function verifyRequest(head: IncomingHead, now: number): Promise<VerifiedHead> {
  const parameters = await verifiedParameters(head, now);
  ensure(parameters.tag === SIGNATURE_TAG, "request_unauthenticated", "the signature has another tag");
  const nonce = String(parameters.nonce);
  ensure(/^[0-9a-f]{32,128}$/.test(nonce), "request_unauthenticated", "the nonce is not 16 to 64 bytes of lower-case hex");
  const created = Number(parameters.created);
  checkWindow(created, parameters.expires, now);
  const digests = head.fields.filter((f) => f.name.toLowerCase() === "content-digest");
  ensure(digests.length === 1, "request_unauthenticated", "more than one content-digest field");
  return {
    caller: partyKey(String(parameters.keyid)),
    nonce,
    forgetAfter: created + SIGNATURE_WINDOW_SECONDS + 2 * CLOCK_SKEW_SECONDS,
    contentDigest: (digests[0] as { value: string }).value,
  };
}

async function verifiedParameters(head: IncomingHead, now: number): Promise<SignatureParameters> {
  try {
    const verified = await verifySignature({ kind: "request", ...head }, {
      // No label is named: a second signature is then refused, so nobody can hide behind somebody else's.
      policy: {
        algorithms: [SIGNATURE_ALGORITHM],
        requiredComponents: SIGNED_COMPONENTS,
        requiredParameters: REQUIRED_PARAMETERS,
        // Age is checked below, where it gets its own error code.
        now,
        clockSkew: Number.MAX_SAFE_INTEGER,
      },
      resolveVerifier: (candidate) => {
        const key = publicKeyObject(partyKey(String(candidate.parameters.keyid)));
        return { algorithm: SIGNATURE_ALGORITHM, verify: (base, signature) => verify(null, base, key, signature) };
      },
    });
    return verified.parameters;
  } catch (cause) {
    const reason = isSignatureError(cause) ? cause.code : "Malformed";
    throw new VeriteeError("request_unauthenticated", "the request is not signed as it must be", { reason }, { cause });
  }
}

function checkWindow(created: number, expires: number | undefined, now: number): void {
  const age = now - created;
  ensure(age >= -CLOCK_SKEW_SECONDS, "request_expired", "the request was signed in the future", { created, now });
  ensure(age <= SIGNATURE_WINDOW_SECONDS + CLOCK_SKEW_SECONDS, "request_expired", "the request was signed too long ago", { created, now });
  ensure(expires === undefined || expires >= now, "request_expired", "the signature has expired", { now });
}

function publicKeyObject(key: PartyKey): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: base64url(idBytes(key)) }, format: "jwk" });
}

const base64url = (bytes: Bytes): string => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
