import type { Claims } from "../types.js";
import type { TeePlatform } from "../verdict.js";
import type { AppraisalPolicyJson } from "./schema.js";

type PlatformJson = NonNullable<AppraisalPolicyJson["platforms"][TeePlatform]>;
type Builds = Exclude<PlatformJson["measurements"], string | undefined>;

/** Registers that a starting policy pins, by the platforms' own names; what a platform did not report is left out. */
const TD = ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner", "mrownerconfig"];
const BOOT = Array.from({ length: 16 }, (_, i) => `pcr${i}`);
const PINNED: Readonly<Record<TeePlatform, readonly string[]>> = {
  sgx: ["mrenclave"],
  tdx: TD,
  snp: ["measurement", "hostData"],
  nitro: ["pcr0", "pcr1", "pcr2"],
  "az-snp-vtpm": ["measurement", ...BOOT],
  "az-tdx-vtpm": [...TD, ...BOOT],
  csv: ["measure"],
};
const TCB_MOMENTS = ["reported", "committed", "launch"] as const;
const TCB_PARTS = ["fmc", "bootloader", "tee", "snp", "microcode"] as const;

/**
 * A starting policy that accepts exactly what was seen: these builds on these machines, at this TCB or better. It is for an
 * owner to read and widen, never to sign unread: evidence shows what runs, not that it should.
 */
export function derivePolicy(name: string, seen: readonly Claims[]): AppraisalPolicyJson {
  const platforms: AppraisalPolicyJson["platforms"] = {};
  for (const claims of seen) platforms[claims.platform] = extend(platforms[claims.platform], claims);
  const products = new Set(seen.map((c) => c.product?.toLowerCase()));
  return {
    format: "veritee-appraisal-policy/1",
    name,
    anchors: [...new Set(seen.map((c) => c.anchor))],
    platforms,
    // Milan stays denied; whoever wants to release keys to it says so by hand.
    deniedProducts: ["milan"],
    deniedAdvisories: [],
    exceptions: [],
    ...(products.has("milan") ? { name: `${name} (seen on milan, which is denied until you remove it from deniedProducts)` } : {}),
  };
}

function extend(known: PlatformJson | undefined, claims: Claims): PlatformJson {
  const { tcb } = claims;
  const builds = (known?.measurements ?? []) as Builds;
  const build = { name: `seen ${claims.measurement.slice(0, 16)}`, values: pinned(claims) };
  const numbers = [known?.minimumEvaluationNumber, tcb.evaluationNumber].filter((n) => n !== undefined);
  return {
    measurements: builds.some((b) => b.name === build.name) ? builds : [...builds, build],
    instances: [...new Set([...((known?.instances ?? []) as readonly string[]), claims.instance])],
    ...(tcb.status === undefined ? {} : { statuses: accepted(known, claims) }),
    ...(numbers.length === 0 ? {} : { minimumEvaluationNumber: Math.min(...numbers) }),
    ...minimumSvn(known, claims),
  };
}

function pinned({ platform, measurements }: Claims): Record<string, string> {
  return Object.fromEntries(PINNED[platform].flatMap((name) => (measurements[name] === undefined ? [] : [[name, measurements[name]]])));
}

type Status = NonNullable<PlatformJson["statuses"]>[number];

/** A status worse than software hardening is left for the owner to accept, with a date. */
function accepted(known: PlatformJson | undefined, { tcb: { status } }: Claims): Status[] {
  const hardened = status === "SWHardeningNeeded" ? (["SWHardeningNeeded"] as const) : [];
  return [...new Set<Status>([...(known?.statuses ?? ["UpToDate"]), ...hardened])];
}

function minimumSvn(known: PlatformJson | undefined, { platform, product, attributes }: Claims): Pick<PlatformJson, "minimumSvn"> {
  if ((platform !== "snp" && platform !== "az-snp-vtpm") || product === undefined) return known?.minimumSvn === undefined ? {} : { minimumSvn: known.minimumSvn };
  const level = (moment: string): Record<string, number> => Object.fromEntries(TCB_PARTS.flatMap((part) => {
    const svn = attributes[moment + part.charAt(0).toUpperCase() + part.slice(1)];
    return typeof svn === "number" ? [[part, svn]] : [];
  }));
  // The first machine sees the minimum set; a later one that is below it shows in `policy test`.
  return { minimumSvn: { [product.toLowerCase()]: Object.fromEntries(TCB_MOMENTS.map((m) => [m, level(m)])), ...known?.minimumSvn } };
}
