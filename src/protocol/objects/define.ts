import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { envelopeFromBytes, signEnvelope, verifyEnvelope, type Envelope, type SigningKey } from "../dsse.js";
import type { Bytes } from "../bytes.js";
import { toHex } from "../bytes.js";
import { ensure, VeriteeError } from "../errors.js";
import { sha256 } from "../hash.js";
import type { ObjectId, PartyKey } from "../ids.js";

/** How one kind of signed object goes between its domain type and its wire message. */
interface ObjectSpec<T, S extends DescMessage> {
  readonly name: string;
  readonly schema: S;
  /** Wire to domain; refuses everything that is missing, malformed or out of range. */
  readonly parse: (message: MessageShape<S>) => T;
  readonly build: (value: T) => MessageInitShape<S>;
  /** The only key that may sign this object, when the object names it. */
  readonly signer?: (value: T) => PartyKey;
}

/** A verified object: its value, who signed it, and the bytes as received. */
export interface Signed<T, Id extends ObjectId = ObjectId> {
  readonly id: Id;
  readonly signer: PartyKey;
  readonly value: T;
  readonly envelope: Envelope;
}

export interface ObjectType<T, Id extends ObjectId = ObjectId> {
  readonly name: string;
  readonly payloadType: string;
  sign(value: T, key: SigningKey): Signed<T, Id>;
  /** Verifies and parses. @throws envelope_invalid, signature_invalid, input_invalid */
  open(envelope: Envelope | Bytes): Signed<T, Id>;
  /** Parses payload bytes that carry no signature of their own (sealed plaintexts). */
  decode(payload: Bytes): T;
  encode(value: T): Bytes;
}

export function defineObject<T, Id extends ObjectId, S extends DescMessage>(spec: ObjectSpec<T, S>): ObjectType<T, Id> {
  const payloadType = `application/vnd.veritee.${spec.name}.v1+protobuf`;
  const encode = (value: T): Bytes => toBinary(spec.schema, create(spec.schema, spec.build(value)));
  const decode = (payload: Bytes): T => {
    try {
      return spec.parse(fromBinary(spec.schema, payload));
    } catch (cause) {
      if (cause instanceof VeriteeError) throw cause;
      throw new VeriteeError("input_invalid", `not a ${spec.name}`, {}, { cause });
    }
  };
  const checked = (envelope: Envelope, signer: PartyKey): Signed<T, Id> => {
    const value = decode(envelope.payload);
    const named = spec.signer?.(value);
    ensure(named === undefined || named === signer, "signature_invalid", `the ${spec.name} is signed by another key`,
      { expected: named ?? "", found: signer });
    return { id: toHex(sha256(envelope.payload)) as Id, signer, value, envelope };
  };
  return {
    name: spec.name,
    payloadType,
    encode,
    decode,
    sign: (value, key) => checked(signEnvelope(payloadType, encode(value), key), key.publicKey),
    open: (input) => {
      const envelope = input instanceof Uint8Array ? envelopeFromBytes(input) : input;
      return checked(envelope, verifyEnvelope(envelope, payloadType));
    },
  };
}
