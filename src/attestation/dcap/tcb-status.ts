import { TCB_STATUSES, type TcbStatus } from "../verdict.js";

const rank = (status: TcbStatus): number => TCB_STATUSES.indexOf(status);

/**
 * Merges the statuses of platform, quoting enclave and TDX module: the worst one, save that a part out of date beside a
 * part in need of configuration is both.
 */
export function mergeStatuses(statuses: readonly TcbStatus[]): TcbStatus {
  const worst = statuses.reduce((a, b) => (rank(a) >= rank(b) ? a : b), "UpToDate");
  const configuration = statuses.some((s) => s.startsWith("Configuration"));
  return worst === "OutOfDate" && configuration ? "OutOfDateConfigurationNeeded" : worst;
}

const CURES: Readonly<Record<TcbStatus, string>> = {
  UpToDate: "",
  SWHardeningNeeded: "the enclave's code must carry the mitigations of these advisories",
  ConfigurationNeeded: "the firmware must be configured as the advisories say",
  ConfigurationAndSWHardeningNeeded: "the firmware must be configured, and the enclave's code must carry mitigations, as the advisories say",
  OutOfDate: "update to the newest level",
  OutOfDateConfigurationNeeded: "update to the newest level and configure the firmware as the advisories say",
  Revoked: "do not use this platform",
};

/** What an operator can do about a status. */
export const cureOf = (status: TcbStatus): string => CURES[status];
