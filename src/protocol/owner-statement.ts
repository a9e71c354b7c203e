import { z } from "zod";
import { utf8 } from "./bytes.js";
import { envelopeFromBytes, signEnvelope, verifyEnvelope, type Envelope, type SigningKey } from "./dsse.js";
import { ensure, VeriteeError } from "./errors.js";
import type { ObjectId, PartyKey } from "./ids.js";
import type { Bytes } from "./bytes.js";

// What a key's holder says of its release log, in DSSE over JSON: it is read by auditors and their tools, and by nothing measured.

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const seconds = z.int().nonnegative();
const place = { seq: z.int().nonnegative(), hash: hex(32) };

/** The last line of a log: how many lines, and the SHA-256 of the last one. */
export interface LogHead { readonly seq: number; readonly hash: string }

/** That a log had this head: kept elsewhere, it finds a log that was cut or written anew. */
export interface ReleaseHead extends LogHead {
  readonly format: "veritee-release-head/1";
  readonly owner: PartyKey;
  /** Unix seconds, by its holder's clock. */
  readonly at: number;
}

/** That a key was destroyed. What it sealed cannot be opened by anyone who did not have the key by then. */
export interface KeyDeletion {
  readonly format: "veritee-key-deletion/1";
  readonly owner: PartyKey;
  /** The manifest whose key it was: it names dataset and version. */
  readonly subject: ObjectId;
  /** Unix seconds, by its holder's clock. */
  readonly destroyedAt: number;
  readonly method: string;
  /** All releases of the key are in the log up to here. */
  readonly log: LogHead;
}

interface StatementType<T> {
  sign(value: Omit<T, "format" | "owner">, key: SigningKey): Envelope;
  /** Verifies and parses. @throws envelope_invalid, signature_invalid, input_invalid */
  open(envelope: Envelope | Bytes): T;
}

export const releaseHead = define<ReleaseHead>("release-head", "veritee-release-head/1",
  z.strictObject({ format: z.literal("veritee-release-head/1"), owner: hex(32), ...place, at: seconds }));

export const keyDeletion = define<KeyDeletion>("key-deletion", "veritee-key-deletion/1",
  z.strictObject({ format: z.literal("veritee-key-deletion/1"), owner: hex(32), subject: hex(32), destroyedAt: seconds, method: z.string().max(300), log: z.strictObject(place) }));

function define<T extends { readonly format: string; readonly owner: PartyKey }>(name: string, format: T["format"], schema: z.ZodType): StatementType<T> {
  const payloadType = `application/vnd.veritee.${name}.v1+json`;
  return {
    sign: (value, key) => signEnvelope(payloadType, utf8(JSON.stringify(schema.parse({ format, owner: key.publicKey, ...value }))), key),
    open: (given) => {
      const envelope = given instanceof Uint8Array ? envelopeFromBytes(given) : given;
      const signer = verifyEnvelope(envelope, payloadType);
      const value = parse(envelope.payload, schema, name) as T;
      ensure(value.owner === signer, "signature_invalid", `the ${name} is signed by another key`, { expected: value.owner, found: signer });
      return value;
    },
  };
}

function parse(payload: Bytes, schema: z.ZodType, name: string): unknown {
  try {
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)));
  } catch (cause) {
    throw new VeriteeError("input_invalid", `not a ${name}`, {}, { cause });
  }
}
