import { join } from "node:path";
import type { TrustAnchors } from "../../attestation/verdict.js";
import { amdKds } from "../../collateral/amd-kds.js";
import { CollateralCache } from "../../collateral/cache.js";
import { completeWith } from "../../collateral/complete.js";
import { intelPcs } from "../../collateral/intel-pcs.js";
import { CollateralSource } from "../../collateral/source.js";
import type { Evidence } from "../../protocol/objects/parts.js";
import { STATE_DIR } from "../paths.js";
import { clock } from "./system.js";

export const DEFAULT_CACHE = join(STATE_DIR, "collateral");
/** A service that takes longer is as good as down; lists and chains are far below the bound. */
export const SERVICE_LIMITS = { timeoutMs: 15_000, maxBytes: 256 * 1024 };

/** Collateral for evidence that comes without it: from the cache, and unless offline from the vendors' services. */
export function collateralFor(anchors: TrustAnchors, cache: string, offline: boolean): (evidence: Evidence) => Promise<Evidence> {
  const services = offline ? {} : { pcs: intelPcs(SERVICE_LIMITS), kds: amdKds(SERVICE_LIMITS) };
  return completeWith(new CollateralSource({ cache: new CollateralCache(cache), anchors, now: clock, ...services }));
}
