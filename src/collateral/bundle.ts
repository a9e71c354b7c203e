import { z } from "zod";
import type { TrustAnchors } from "../attestation/verdict.js";
import { utf8, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { CacheEntry, CollateralCache } from "./cache.js";
import { collateralRequest, nameOf, type CollateralRequest } from "./request.js";
import { isOlder, verifyCollateral } from "./verify.js";
import { tryParse } from "../protocol/schema.js";

/*
 * One file for machines without a way to the vendors: {"format": "veritee/collateral-bundle/v1", "entries": [{"request",
 * "content"}]}, where content is the collateral's JSON as text. The bundle itself needs no signature, each entry has its own.
 */

const FORMAT = "veritee/collateral-bundle/v1";
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const MAX_ENTRIES = 1024;
const MAX_CONTENT = 64 * 1024;

const bundleSchema = z.strictObject({
  format: z.literal(FORMAT),
  entries: z.array(z.strictObject({ request: collateralRequest, content: z.string().max(MAX_CONTENT) })).min(1).max(MAX_ENTRIES),
});

/** @throws collateral_unavailable naming what the cache lacks, and what verification throws: no stale entry leaves */
export async function exportBundle(cache: CollateralCache, requests: readonly CollateralRequest[], anchors: TrustAnchors, at: number): Promise<Bytes> {
  ensure(requests.length > 0, "collateral_unavailable", "there is nothing to export");
  const entries: z.infer<typeof bundleSchema>["entries"] = [];
  for (const request of requests) {
    const found = await cache.read(request);
    if (found === undefined) throw new VeriteeError("collateral_unavailable", "the cache has no such collateral: fetch it first", { request: nameOf(request) });
    await verifyNamed(request, found.content, anchors, at);
    entries.push({ request, content: new TextDecoder().decode(found.content) });
  }
  return utf8(JSON.stringify({ format: FORMAT, entries }));
}

/**
 * All of it or nothing: every entry is verified before the first is kept. What the cache has and is newer stays.
 * @throws input_invalid, input_too_large, collateral_*, certificate_*, evidence_anchor
 */
export async function importBundle(cache: CollateralCache, bytes: Bytes, anchors: TrustAnchors, at: number): Promise<readonly CacheEntry[]> {
  const { entries } = parseBundle(bytes);
  const verified = [];
  for (const { request, content } of entries) {
    const encoded = utf8(content);
    verified.push({ request, content: encoded, verdict: await verifyNamed(request, encoded, anchors, at) });
  }
  const kept: CacheEntry[] = [];
  for (const { request, content, verdict } of verified) {
    const known = (await cache.read(request))?.entry;
    const keepKnown = known !== undefined && known.validUntil >= at && isOlder(verdict, known);
    kept.push(keepKnown ? known : await cache.write(request, content, verdict));
  }
  return kept;
}

function parseBundle(bytes: Bytes): z.infer<typeof bundleSchema> {
  ensure(bytes.length <= MAX_BUNDLE_BYTES, "input_too_large", "the bundle is too large", { bytes: bytes.length, limit: MAX_BUNDLE_BYTES });
  const parsed = tryParse(bundleSchema, parseJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VeriteeError("input_invalid", "not a collateral bundle", { field: issue?.path.join(".") ?? "", problem: issue?.message ?? "" });
}

function parseJson(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new VeriteeError("input_invalid", "not a collateral bundle: not JSON", {}, { cause });
  }
}

/** Says which entry an error is about. */
async function verifyNamed(request: CollateralRequest, content: Bytes, anchors: TrustAnchors, at: number) {
  try {
    return await verifyCollateral(request, content, anchors, at);
  } catch (cause) {
    if (cause instanceof VeriteeError) throw new VeriteeError(cause.code, cause.message, { request: nameOf(request), ...cause.facts }, { cause });
    throw cause;
  }
}
