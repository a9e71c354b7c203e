import { toBase64 } from "../../protocol/bytes.js";
import { envelopeToBytes, type Envelope } from "../../protocol/dsse.js";
import type { KeyRequestId, PartyKey } from "../../protocol/ids.js";
import { keyReply, keyRequest, type KeyRequest } from "../../protocol/objects/index.js";
import { releaseHead, type ReleaseHead } from "../../protocol/owner-statement.js";
import type { KeyClaim } from "../../transport/api.js";
import type { ReleaseEntry } from "./entry.js";
import type { VerifiedLog } from "./verify.js";

export const DIFFERENCES = [
  "hidden", // the coordinator has a reply of the holder that the log does not have
  "extra", // the log has a decision about a request that the coordinator never had
  "twice", // the log has two releases for one request
  "altered", // line and request are of another job, key or worker
  "cut", // a head that the holder signed is beyond the log's end
  "forked", // a head that the holder signed is of another log: lines were edited, reordered or written anew
  "unsigned", // the coordinator claims what the holder or worker did not sign
] as const;
export type DifferenceKind = (typeof DIFFERENCES)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  readonly says: string;
  readonly line?: number;
  readonly request?: KeyRequestId;
  /** Base64 of what the holder signed and the log contradicts: shows it to anyone. */
  readonly evidence?: string;
}

/** Replies and requests that a coordinator has for this holder, and heads of the log that it was given. */
export interface Claims { readonly requests: readonly KeyClaim[]; readonly heads: readonly Envelope[] }

/**
 * Compares a verified log with what a coordinator has. Every reply and head is signed by the holder, so a coordinator can hold
 * back claims but not invent one. Ask for the claims before the log is read: the log may only be ahead.
 */
export function compareLog(log: VerifiedLog, owner: PartyKey, { requests, heads }: Claims): readonly Difference[] {
  const known = new Map<KeyRequestId, { readonly value: KeyRequest; readonly claim: KeyClaim }>();
  const found: Difference[] = [];
  for (const claim of requests) {
    const opened = openRequest(claim, owner);
    if ("kind" in opened) found.push(opened);
    else known.set(opened.id, { value: opened.value, claim });
  }
  const lines = linesByRequest(log.entries);
  for (const [id, { value, claim }] of known) {
    if (claim.reply !== undefined) found.push(...hidden(id, claim.reply, lines.get(id) ?? [], owner));
    found.push(...(lines.get(id) ?? []).filter((line) => !isAbout(line, value)).map((line): Difference =>
      ({ kind: "altered", line: line.seq, request: id, says: "the line is about another job, key or worker than the request" })));
  }
  for (const [id, of] of lines) {
    if (!known.has(id)) found.push(...of.map((line): Difference => ({ kind: "extra", line: line.seq, request: id, says: `a line (${line.outcome}) for a request that the coordinator does not have` })));
    const releases = of.filter((line) => line.outcome === "released");
    if (releases.length > 1) found.push({ kind: "twice", line: releases[1]?.seq ?? 0, request: id, says: `${releases.length} releases for one request` });
  }
  return [...found, ...heads.flatMap((head) => compareHead(log, owner, head))];
}

/** What one signed head, kept anywhere, says of a log. */
export function compareHead(log: Pick<VerifiedLog, "hashes">, owner: PartyKey, envelope: Envelope): readonly Difference[] {
  const head = openHead(envelope, owner);
  if (head === undefined) return [{ kind: "unsigned", says: "a head that the holder did not sign" }];
  const hash = log.hashes[head.seq];
  if (hash === head.hash) return [];
  const evidence = toBase64(envelopeToBytes(envelope));
  if (hash === undefined) return [{ kind: "cut", line: log.hashes.length - 1, evidence, says: `the log ends at line ${log.hashes.length - 1} and its holder signed a head at line ${head.seq}` }];
  return [{ kind: "forked", line: head.seq, evidence, says: `line ${head.seq} is not the one whose head its holder signed` }];
}

function openHead(envelope: Envelope, owner: PartyKey): ReleaseHead | undefined {
  try {
    const head = releaseHead.open(envelope);
    return head.owner === owner ? head : undefined;
  } catch {
    return undefined;
  }
}

function openRequest({ request }: KeyClaim, owner: PartyKey): { readonly id: KeyRequestId; readonly value: KeyRequest } | Difference {
  try {
    const { id, value } = keyRequest.open(request);
    if (value.holder === owner) return { id, value };
    return { kind: "unsigned", request: id, says: "a request to another holder" };
  } catch {
    return { kind: "unsigned", says: "a request that no worker signed" };
  }
}

function hidden(id: KeyRequestId, reply: Envelope, lines: readonly ReleaseEntry[], owner: PartyKey): Difference[] {
  const outcome = outcomeOf(id, reply, owner);
  if (outcome === undefined) return [{ kind: "unsigned", request: id, says: "a reply to this request that the holder did not sign" }];
  if (lines.some((line) => line.outcome === outcome)) return [];
  return [{ kind: "hidden", request: id, evidence: toBase64(envelopeToBytes(reply)), says: `the holder replied (${outcome}) and its log does not say so` }];
}

function outcomeOf(id: KeyRequestId, reply: Envelope, owner: PartyKey): "released" | "refused" | undefined {
  try {
    const { signer, value } = keyReply.open(reply);
    return signer === owner && value.request === id ? value.outcome.kind : undefined;
  } catch {
    return undefined;
  }
}

const isAbout = (line: ReleaseEntry, { job, subject, worker }: KeyRequest): boolean =>
  line.job === job && line.subject === subject && line.worker === worker.signingKey;

function linesByRequest(entries: readonly ReleaseEntry[]): ReadonlyMap<KeyRequestId, readonly ReleaseEntry[]> {
  const lines = new Map<KeyRequestId, ReleaseEntry[]>();
  for (const entry of entries) lines.set(entry.request, [...(lines.get(entry.request) ?? []), entry]);
  return lines;
}
