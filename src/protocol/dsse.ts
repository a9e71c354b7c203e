import { create, toBinary } from "@bufbuild/protobuf";
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, utf8, type Bytes } from "./bytes.js";
import { decodeCanonical } from "./canonical.js";
import { ensure, VeriteeError } from "./errors.js";
import { idBytes, idFromBytes, type PartyKey } from "./ids.js";
import { EnvelopeSchema, type Envelope } from "./wire/veritee_pb.js";

export type { Envelope };

/** The largest envelope that is parsed at all; a manifest of 10,000 segments is under 1 MiB. */
export const MAX_ENVELOPE_BYTES = 1 << 20;

/** DSSE pre-authentication encoding (DSSE v1.0.2, protocol.md). */
export function preAuthEncoding(payloadType: string, payload: Bytes): Bytes {
  const type = utf8(payloadType);
  return concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}

export interface SigningKey {
  readonly publicKey: PartyKey;
  sign(message: Bytes): Bytes;
}

/** An Ed25519 signing key from its 32-byte seed. */
export function signingKey(seed: Bytes): SigningKey {
  ensure(seed.length === 32, "input_invalid", "an Ed25519 seed is 32 bytes", { length: seed.length });
  const publicKey = idFromBytes<PartyKey>(ed25519.getPublicKey(seed), 32, "public key");
  return { publicKey, sign: (message) => ed25519.sign(message, seed) };
}

/** RFC 8032 verification (cofactorless, canonical encodings only). Never throws on bad input. */
export function verifyEd25519(key: PartyKey, message: Bytes, signature: Bytes): boolean {
  try {
    return signature.length === 64 && ed25519.verify(signature, message, idBytes(key), { zip215: false });
  } catch {
    return false;
  }
}

export function signEnvelope(payloadType: string, payload: Bytes, key: SigningKey): Envelope {
  const sig = key.sign(preAuthEncoding(payloadType, payload));
  return create(EnvelopeSchema, { payloadType, payload, signatures: [{ keyid: idBytes(key.publicKey), sig }] });
}

/**
 * Checks type and signature of an envelope with exactly one signature and returns its signer.
 * The caller must still check that this signer may speak for the object.
 * @throws envelope_invalid, signature_invalid
 */
export function verifyEnvelope(envelope: Envelope, payloadType: string): PartyKey {
  ensure(envelope.payloadType === payloadType, "envelope_invalid", "unexpected payload type",
    { expected: payloadType, found: envelope.payloadType.slice(0, 100) });
  const [signature, ...others] = envelope.signatures;
  ensure(signature !== undefined && others.length === 0, "envelope_invalid", "an envelope has exactly one signature");
  const signer = idFromBytes<PartyKey>(signature.keyid, 32, "keyid");
  const valid = verifyEd25519(signer, preAuthEncoding(payloadType, envelope.payload), signature.sig);
  ensure(valid, "signature_invalid", "the envelope's signature does not verify", { signer });
  return signer;
}

export const envelopeToBytes = (envelope: Envelope): Bytes => toBinary(EnvelopeSchema, envelope);

/** @throws envelope_invalid, input_too_large */
export function envelopeFromBytes(bytes: Bytes): Envelope {
  ensure(bytes.length <= MAX_ENVELOPE_BYTES, "input_too_large", "envelope too large", { bytes: bytes.length });
  try {
    return decodeCanonical(EnvelopeSchema, bytes);
  } catch (cause) {
    throw new VeriteeError("envelope_invalid", "not an envelope", {}, { cause });
  }
}
