import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { z } from "zod";
import { fromHex, lp, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import type { SigningKey } from "../../protocol/dsse.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { JobId, KeyChallengeId, KeyRequestId, Measurement, ObjectId, PartyKey } from "../../protocol/ids.js";
import type { Anchor } from "../../protocol/objects/parts.js";

/** What the evidence of a request said, once it was appraised. */
export interface EvidenceNote {
  readonly digest: string;
  readonly measurement: Measurement;
  readonly anchor: Anchor;
  readonly simulated: boolean;
}

/** One decision of a broker about one key request. Holds no key and nothing of a record. */
export interface ReleaseEvent {
  /** Unix seconds. */
  readonly at: number;
  readonly outcome: "released" | "refused";
  readonly request: KeyRequestId;
  readonly job: JobId;
  readonly subject: ObjectId;
  /** The worker's signing key. */
  readonly worker: PartyKey;
  /** Absent in what was refused before a policy was found. */
  readonly policy?: ObjectId | undefined;
  readonly challenge?: KeyChallengeId | undefined;
  readonly evidence?: EvidenceNote | undefined;
  /** Why not: an error code and a sentence. */
  readonly refusal?: { readonly code: string; readonly reason: string } | undefined;
}

/** An event at its place in the chain. */
export interface ReleaseEntry extends ReleaseEvent {
  /** From 1. */
  readonly seq: number;
  /** SHA-256 of the line before, hex; of the empty chain's name for the first. */
  readonly prev: string;
}

/** That a key was destroyed, at its place in the chain; after it the log has no release of that key. */
export interface DeletionEntry {
  readonly seq: number;
  readonly prev: string;
  /** Of this line, Unix seconds; the record says when the key was destroyed. */
  readonly at: number;
  readonly outcome: "destroyed";
  readonly subject: ObjectId;
  /** Base64 of the DSSE envelope of a KeyDeletion. */
  readonly record: string;
}

export type LogEntry = ReleaseEntry | DeletionEntry;

export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What the first line points at: one owner's log is not another's. */
export const emptyHead = (owner: PartyKey): string => sha256Hex(`veritee/release-log/v1 ${owner}`);

const signedText = (entryJson: string): Bytes => lp("veritee/release-log/v1", utf8(entryJson));

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const count = z.int().nonnegative();
/** Its order of keys is the one spelling of an entry: parsing puts them into it. */
const entrySchema = z.strictObject({
  seq: count, prev: hex(32), at: count, outcome: z.enum(["released", "refused"]),
  request: hex(32), job: hex(32), subject: hex(32), worker: hex(32), policy: hex(32).optional(), challenge: hex(32).optional(),
  evidence: z.strictObject({ digest: hex(32), measurement: z.string(), anchor: z.string(), simulated: z.boolean() }).optional(),
  refusal: z.strictObject({ code: z.string(), reason: z.string() }).optional(),
});
const deletionSchema = z.strictObject({ seq: count, prev: hex(32), at: count, outcome: z.literal("destroyed"), subject: hex(32), record: z.base64().max(4096) });
const anySchema = z.union([entrySchema, deletionSchema]);
const lineSchema = z.strictObject({ entry: anySchema, sig: hex(64) });

/** One line, without its end: the entry and the owner's signature over its exact JSON. */
export function formatLine(entry: LogEntry, owner: SigningKey): string {
  const json = JSON.stringify(anySchema.parse(entry));
  return `{"entry":${json},"sig":"${toHex(owner.sign(signedText(json)))}"}`;
}

/** Node's own Ed25519: a log of ten thousand lines is checked in seconds whenever a broker starts. */
export const ownerKey = (owner: PartyKey): KeyObject =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(owner, "hex").toString("base64url") }, format: "jwk" });

/** Reads a line and checks its signature. @throws store_failed naming the line (from 1) */
export function parseLine(line: string, number: number, owner: KeyObject): LogEntry {
  const { entry, sig } = lineSchema.safeParse(parseJson(line, number)).data ?? {};
  ensure(entry !== undefined && sig !== undefined, "store_failed", "the release log has a line that is not an entry", { line: number });
  // Only the writer's own spelling is a line, so that the bytes under the signature are the bytes that are hashed.
  const entryJson = JSON.stringify(entry);
  ensure(line === `{"entry":${entryJson},"sig":"${sig}"}`, "store_failed", "the release log has a line in another spelling", { line: number });
  const valid = verify(null, signedText(entryJson), owner, fromHex(sig));
  ensure(valid, "store_failed", "the release log has a line that its owner did not sign", { line: number });
  return entry as unknown as LogEntry;
}

function parseJson(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new VeriteeError("store_failed", "the release log has a line that is not JSON", { line: number }, { cause });
  }
}
