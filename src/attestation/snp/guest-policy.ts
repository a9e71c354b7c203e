import { ensure } from "../../protocol/errors.js";
import type { SnpReport } from "./report.js";

/** Guest policy (AMD 56860, "Guest Policy"). */
const RESERVED_ONE = 17n;
const MIGRATION_AGENT = 18n;
const DEBUG = 19n;
/** Firmware refuses guests with a bit above set, until a revision gives it a meaning: which we would not know. */
const HIGHEST_KNOWN = 25n;
const NAMED_POLICY: Readonly<Record<string, bigint>> = {
  smtAllowed: 16n, singleSocket: 20n, cxlAllowed: 21n, aes256XtsRequired: 22n, raplDisabledRequired: 23n, ciphertextHidingRequired: 24n,
  pageSwapDisabled: 25n,
};
/** PLATFORM_INFO of the same publication. */
const NAMED_PLATFORM: Readonly<Record<string, bigint>> = {
  smtEnabled: 0n, tsmeEnabled: 1n, eccEnabled: 2n, raplDisabled: 3n, ciphertextHidingEnabled: 4n, aliasCheckComplete: 5n,
};
const MAX_VMPL = 3;

const bit = (flags: bigint, at: bigint): boolean => ((flags >> at) & 1n) === 1n;
const hex = (flags: bigint): string => `0x${flags.toString(16)}`;

/** What no guest of ours may be launched with. @throws evidence_debug, evidence_attributes, evidence_malformed */
export function ensureGuestPolicy({ policy, vmpl }: SnpReport): void {
  const about = { policy: hex(policy) };
  ensure(!bit(policy, DEBUG), "evidence_debug", "the guest policy allows debugging", about);
  ensure(!bit(policy, MIGRATION_AGENT), "evidence_attributes", "the guest policy allows a migration agent", about);
  ensure(bit(policy, RESERVED_ONE), "evidence_attributes", "bit 17 of the guest policy is not set", about);
  ensure(policy >> (HIGHEST_KNOWN + 1n) === 0n, "evidence_attributes", "the guest policy has an unknown bit", about);
  ensure(vmpl <= MAX_VMPL, "evidence_malformed", "VMPL out of range", { vmpl, limit: MAX_VMPL });
}

/** Policy and platform bits by name, for clauses of the appraisal policy (a limit of VMPL, the alias check, ...). */
export function flagAttributes({ policy, platformInfo, vmpl }: SnpReport): Record<string, string | number | boolean> {
  const named = (flags: bigint, names: Readonly<Record<string, bigint>>) => Object.entries(names).map(([name, at]) => [name, bit(flags, at)] as const);
  return {
    guestPolicy: hex(policy), platformInfo: hex(platformInfo), vmpl, debug: false, migration: false,
    ...Object.fromEntries([...named(policy, NAMED_POLICY), ...named(platformInfo, NAMED_PLATFORM)]),
  };
}
