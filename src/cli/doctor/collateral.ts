import type { TrustAnchors } from "../../attestation/verdict.js";
import type { CacheEntry, CollateralCache } from "../../collateral/cache.js";
import { daysLeft, WARN_DAYS } from "../../collateral/expiry.js";
import { verifyCollateral } from "../../collateral/verify.js";
import { VeriteeError } from "../../protocol/errors.js";
import { checked, type Check } from "./check.js";

/** A cache entry, judged as an appraisal would now. */
export interface CollateralState {
  readonly name: string;
  readonly platform: string;
  readonly anchor: string;
  /** Unix seconds. */
  readonly validUntil: number;
  readonly daysLeft: number;
  /** `good`, or the code of why it would be refused. */
  readonly state: string;
}

export const collateralStates = async (cache: CollateralCache, anchors: TrustAnchors, now: number): Promise<readonly CollateralState[]> =>
  Promise.all((await cache.list()).map(async (entry) => ({
    name: entry.name, platform: entry.request.platform, anchor: entry.anchor, validUntil: entry.validUntil,
    daysLeft: daysLeft(entry.validUntil, now), state: await stateOf(cache, entry, anchors, now),
  })));

async function stateOf(cache: CollateralCache, { request }: CacheEntry, anchors: TrustAnchors, now: number): Promise<string> {
  const found = await cache.read(request);
  if (found === undefined) return "damaged";
  try {
    await verifyCollateral(request, found.content, anchors, now);
    return "good";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}

export async function checkCollateral(cache: CollateralCache, anchors: TrustAnchors, now: number): Promise<readonly Check[]> {
  const states = await collateralStates(cache, anchors, now);
  if (states.length === 0) return [{ name: "collateral", ok: true, detail: `${cache.folder}: nothing cached` }];
  return Promise.all(states.map((state) => checked(`collateral ${state.name}`, () => Promise.resolve(finding(state)))));
}

function finding({ anchor, daysLeft: days, state, validUntil }: CollateralState): Omit<Check, "name"> {
  const until = new Date(validUntil * 1000).toISOString();
  const facts = { anchor, daysLeft: days, validUntil: until, state };
  if (state !== "good") return { ok: false, detail: `${state}: fetch it again, or remove it if the machine is gone`, facts };
  const ok = days >= WARN_DAYS;
  return { ok, detail: `${days} days left, until ${until}${ok ? "" : ": fetch it again"} (${anchor})`, facts };
}
