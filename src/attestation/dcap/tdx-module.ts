import { equalBytes, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { TdReport } from "./bodies.js";
import { matchesUnder } from "./qe-identity.js";
import type { SvnLevel, TdxTcbInfo } from "./tcb-info.js";

export interface ModuleVerdict {
  /** Undefined for modules of before TDX 1.5, whose SVN the platform level judges. */
  readonly level: SvnLevel | undefined;
  readonly newest: SvnLevel | undefined;
  /** The first index of TEE_TCB_SVN that is left to the platform level. */
  readonly platformFrom: number;
}

/**
 * Check 9: the TDX module is one that Intel signed and lists. TEE_TCB_SVN[1] is the module's major version and selects its
 * identity; TEE_TCB_SVN[0] is its SVN.
 * @throws tcb_not_listed (no identity or no level), evidence_attributes (signer or attributes)
 */
export function judgeModule(report: TdReport, { tdxModule, tdxModuleIdentities }: TdxTcbInfo): ModuleVerdict {
  const [svn, major] = report.teeTcbSvn as unknown as [number, number];
  if (major === 0) {
    ensureModule(report, tdxModule);
    return { level: undefined, newest: undefined, platformFrom: 0 };
  }
  const id = `TDX_${major.toString(16).padStart(2, "0")}`;
  const identity = tdxModuleIdentities?.find((m) => m.id.toLowerCase() === id.toLowerCase());
  ensure(identity !== undefined, "tcb_not_listed", "TCB Info has no identity of this TDX module", { id });
  ensureModule(report, identity);
  const level = identity.tcbLevels.find(({ tcb }) => tcb.isvsvn <= svn);
  ensure(level !== undefined, "tcb_not_listed", "the TDX module's SVN is below every listed level",
    { id, svn, lowest: identity.tcbLevels.at(-1)?.tcb.isvsvn ?? 0 });
  return { level, newest: identity.tcbLevels[0], platformFrom: 2 };
}

function ensureModule(report: TdReport, identity: { mrsigner: Bytes; attributes: Bytes; attributesMask: Bytes }): void {
  ensure(equalBytes(report.mrSignerSeam, identity.mrsigner), "evidence_attributes", "the TDX module has another signer",
    { mrsignerseam: toHex(report.mrSignerSeam), expected: toHex(identity.mrsigner) });
  ensure(matchesUnder(identity.attributesMask, report.seamAttributes, identity.attributes), "evidence_attributes",
    "the TDX module's attributes are not those of its identity",
    { seamattributes: toHex(report.seamAttributes), expected: toHex(identity.attributes) });
}
