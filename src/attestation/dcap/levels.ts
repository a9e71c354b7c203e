import { ensure } from "../../protocol/errors.js";
import type { TdReport } from "./bodies.js";
import type { PckFacts } from "./pck.js";
import type { TcbComponent, TcbInfo, TcbLevel } from "./tcb-info.js";

/** What is compared with the listed levels. */
export interface PlatformSvns {
  readonly pck: PckFacts;
  /** TDX: the report's TEE_TCB_SVN, and the first index that the platform level judges (2 where a module identity judged 0 and 1). */
  readonly tdx?: { readonly svns: TdReport["teeTcbSvn"]; readonly from: number };
}

/** One SVN that is below a level's. */
interface Shortfall {
  readonly name: string;
  readonly found: number;
  readonly needed: number;
}

/** What of a platform is below a level; empty where the level is reached. */
function shortOf({ pck, tdx }: PlatformSvns, { tcb }: TcbLevel): readonly Shortfall[] {
  const below = (kind: string, found: ArrayLike<number>, needed: readonly TcbComponent[], from = 0): Shortfall[] =>
    needed.flatMap(({ svn, type, category }, i) => {
      const name = type ?? `${kind} component ${String(i + 1)}${category === undefined ? "" : ` (${category})`}`;
      return i >= from && (found[i] as number) < svn ? [{ name, found: found[i] as number, needed: svn }] : [];
    });
  return [
    ...below("SGX", pck.components, tcb.sgxtcbcomponents),
    ...(pck.pceSvn < tcb.pcesvn ? [{ name: "PCE", found: pck.pceSvn, needed: tcb.pcesvn }] : []),
    ...("tdxtcbcomponents" in tcb && tdx !== undefined ? below("TDX", tdx.svns, tcb.tdxtcbcomponents, tdx.from) : []),
  ];
}

/** Check 10: the first level, in the signed order, that the platform reaches. @throws tcb_not_listed */
export function matchPlatform(platform: PlatformSvns, { tcbLevels }: TcbInfo): TcbLevel {
  const level = tcbLevels.find((l) => shortOf(platform, l).length === 0);
  ensure(level !== undefined, "tcb_not_listed", "the platform is below every TCB level that is listed",
    { newest: behindNewest(platform, tcbLevels), oldest: wordsOf(shortOf(platform, tcbLevels.at(-1) as TcbLevel)) });
  return level;
}

/** In words, how far the platform is behind the newest listed level; empty where it reaches that. */
export const behindNewest = (platform: PlatformSvns, levels: readonly TcbLevel[]): string =>
  wordsOf(shortOf(platform, levels[0] as TcbLevel));

const wordsOf = (shortfalls: readonly Shortfall[]): string =>
  shortfalls.map(({ name, found, needed }) => `${name} SVN ${String(found)} where ${String(needed)} is needed`).join("; ");
