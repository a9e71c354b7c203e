import { ensure } from "../../protocol/errors.js";
import type { TcbView } from "../verdict.js";
import type { Collateral } from "./collateral.js";
import { behindNewest, matchPlatform, type PlatformSvns } from "./levels.js";
import type { Quote } from "./parse.js";
import type { PckFacts } from "./pck.js";
import type { SvnLevel, TcbInfo, TcbLevel, TdxTcbInfo } from "./tcb-info.js";
import { cureOf, mergeStatuses } from "./tcb-status.js";
import { judgeModule } from "./tdx-module.js";

export const UNJUDGED: TcbView = { status: undefined, date: undefined, advisories: [], evaluationNumber: undefined, behind: "" };

/**
 * Checks 9 to 11: TDX module, platform level, merge. Statuses other than Revoked are reported for the policy to judge.
 * @param qe the level that the quoting enclave reached
 * @throws tcb_not_listed, tcb_revoked, evidence_attributes
 */
export function judgeTcb({ body }: Quote, pck: PckFacts, { tcbInfo, qeIdentity }: Collateral, qe: SvnLevel): TcbView {
  const module = body.tee === "tdx" ? judgeModule(body.report, ofTdx(tcbInfo)) : undefined;
  const svns: PlatformSvns = { pck, ...(body.tee === "tdx" && module ? { tdx: { svns: body.report.teeTcbSvn, from: module.platformFrom } } : {}) };
  const platform = matchPlatform(svns, tcbInfo);
  const levels = [platform, qe, ...(module?.level ? [module.level] : [])];
  const status = mergeStatuses(levels.map((level) => level.tcbStatus));
  const advisories = [...new Set(levels.flatMap((level) => level.advisoryIDs ?? []))].sort();
  const behind = status === "UpToDate" ? "" : [
    datesOf(platform, tcbInfo), behindNewest(svns, tcbInfo.tcbLevels),
    lag("TDX module", module?.level, module?.newest), lag("quoting enclave", qe, qeIdentity.tcbLevels[0]), cureOf(status),
  ].filter((words) => words !== "").join("; ");
  ensure(status !== "Revoked", "tcb_revoked", "the platform's TCB level is revoked",
    { date: day(platform.tcbDate), advisories: advisories.join(", "), behind });
  const evaluationNumber = Math.min(tcbInfo.tcbEvaluationDataNumber, qeIdentity.tcbEvaluationDataNumber);
  return { status, date: day(platform.tcbDate), advisories, evaluationNumber, behind };
}

function ofTdx(tcbInfo: TcbInfo): TdxTcbInfo {
  ensure(tcbInfo.id === "TDX", "collateral_missing", "the TCB Info is not of TDX");
  return tcbInfo;
}

const day = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString().slice(0, 10);

function datesOf({ tcbDate }: TcbLevel, { tcbLevels }: TcbInfo): string {
  const newest = (tcbLevels[0] as TcbLevel).tcbDate;
  return newest === tcbDate ? "" : `platform level of ${day(tcbDate)}, the newest is of ${day(newest)}`;
}

function lag(what: string, level: SvnLevel | undefined, newest: SvnLevel | undefined): string {
  if (level === undefined || newest === undefined || level.tcb.isvsvn >= newest.tcb.isvsvn) return "";
  return `${what} at the level of SVN ${String(level.tcb.isvsvn)}, the newest is ${String(newest.tcb.isvsvn)}`;
}
