import { z } from "zod";
import type { Claims } from "../attestation/types.js";
import { toHex, utf8 } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { sha256 } from "../protocol/hash.js";
import { tryParse } from "../protocol/schema.js";

/** What can be recalled: an enclave build, a machine, an open advisory, a worker's signing key. */
export const RECALL_KINDS = ["measurement", "instance", "advisory", "worker"] as const;
export type RecallKind = (typeof RECALL_KINDS)[number];
export interface RecallSubject { readonly kind: RecallKind; readonly value: string }

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const content = {
  format: z.literal("veritee-recall/1"),
  subject: z.strictObject({ kind: z.enum(RECALL_KINDS), value: z.string().min(1).max(256) }),
  /** Ids of receipts (SHA-256 of the signed statement), sorted. */
  receipts: z.array(hex(32)),
  /** Key releases, in the order of log and line. */
  releases: z.array(z.strictObject({ request: hex(32), job: hex(32), worker: hex(32), at: z.int().nonnegative() })),
};
const recallFile = z.strictObject({ ...content, id: hex(32) });

/**
 * What rested on something that is no longer trusted. Nobody signs it: `id` is the SHA-256 of its content, so that whoever
 * passes the id on, by whatever way is trusted, has passed on the list.
 */
export type RecallList = z.infer<typeof recallFile>;
export type RecallContent = Omit<RecallList, "id" | "format">;

/** The one spelling of a list: equal findings have equal ids. */
export function recallList({ subject, receipts, releases }: RecallContent): RecallList {
  const body = {
    format: "veritee-recall/1" as const,
    subject: { kind: subject.kind, value: subject.value },
    receipts: [...new Set(receipts)].sort(),
    releases: releases.map(({ request, job, worker, at }) => ({ request, job, worker, at })),
  };
  return { ...body, id: toHex(sha256(utf8(JSON.stringify(body)))) };
}

/** Reads a recall file's JSON. @throws input_invalid: it is none, or its content is not what its id names */
export function parseRecallList(json: unknown): RecallList {
  const parsed = tryParse(recallFile, json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new VeriteeError("input_invalid", `not a recall list: ${issue?.message ?? "unreadable"}`, { field: issue?.path.join(".") || "(the file)" });
  }
  ensure(recallList(parsed.data).id === parsed.data.id, "input_invalid", "the recall list's content is not what its id names", { id: parsed.data.id });
  return parsed.data;
}

/** Whether a worker with this key, and this evidence where it is known to be genuine, rests on the subject. */
export function restsOn({ kind, value }: RecallSubject, worker: string, claims: Claims | undefined): boolean {
  switch (kind) {
    case "worker": return worker === value;
    case "measurement": return claims?.measurement === value;
    case "instance": return claims?.instance === value;
    case "advisory": return claims?.tcb.advisories.includes(value) === true;
  }
}
