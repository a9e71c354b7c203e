import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { TcbView } from "../verdict.js";
import type { SnpProduct } from "./product.js";
import { TCB_MOMENTS, type SnpReport, type TcbMoment } from "./report.js";

/** Parts of a TCB_VERSION, each an SVN 0..255. */
export const TCB_PARTS = ["fmc", "bootloader", "tee", "snp", "microcode"] as const;
export type TcbPart = (typeof TCB_PARTS)[number];
/** `fmc` exists on Turin only. */
export type TcbVersion = Readonly<Partial<Record<TcbPart, number>>>;

/** Byte of each part (AMD 56860, TCB_VERSION); the others are reserved. */
const MILAN_GENOA: TcbLayout = { bootloader: 0, tee: 1, snp: 6, microcode: 7 };
const TURIN: TcbLayout = { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 };
type TcbLayout = Readonly<Partial<Record<TcbPart, number>>>;

export const tcbLayout = (product: SnpProduct): TcbLayout => (product === "turin" ? TURIN : MILAN_GENOA);

/** @throws evidence_malformed when a reserved byte is set: the word is then of another layout */
export function readTcb(word: Bytes, product: SnpProduct): TcbVersion {
  const layout = tcbLayout(product);
  const used = new Set(Object.values(layout));
  word.forEach((byte, i) => {
    ensure(byte === 0 || used.has(i), "evidence_malformed", "a reserved byte of a TCB version is set", { product, byte: i });
  });
  return Object.fromEntries(Object.entries(layout).map(([part, at]) => [part, word[at]]));
}

export type TcbVersions = Readonly<Record<TcbMoment, TcbVersion>>;

export const readTcbs = ({ tcb }: SnpReport, product: SnpProduct): TcbVersions => ({
  reported: readTcb(tcb.reported, product), committed: readTcb(tcb.committed, product),
  launch: readTcb(tcb.launch, product), current: readTcb(tcb.current, product),
});

/** Every SVN as an attribute of its own, `reportedSnp`, `committedMicrocode`, ...: a policy's minimum names them. */
export function tcbAttributes(tcbs: TcbVersions): Record<string, number> {
  const named = TCB_MOMENTS.flatMap((moment) =>
    Object.entries(tcbs[moment]).map(([part, svn]) => [moment + capital(part), svn] as const));
  return Object.fromEntries(named);
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * AMD signs no list of TCB levels, so there is no status to read: which SVNs are new enough is the policy's minimum.
 * What the report itself shows is told in words.
 */
export function tcbView(tcbs: TcbVersions): TcbView {
  return { status: undefined, date: undefined, advisories: [], evaluationNumber: undefined, behind: behind(tcbs) };
}

function behind({ reported, committed, launch, current }: TcbVersions): string {
  const findings: string[] = [];
  const lower = (what: string, a: TcbVersion, than: string, b: TcbVersion, cure: string) => {
    const parts = TCB_PARTS.filter((p) => (a[p] ?? 0) < (b[p] ?? 0)).map((p) => `${p} ${a[p] ?? 0} < ${b[p] ?? 0}`);
    if (parts.length > 0) findings.push(`${what} TCB is below the ${than} one (${parts.join(", ")}): ${cure}`);
  };
  lower("committed", committed, "current", current, "the host can still roll back; commit the firmware");
  lower("reported", reported, "committed", committed, "the host reports an older level; raise the reported TCB and fetch the new endorsement key");
  lower("launch", launch, "current", current, "the guest started on older firmware; restart it");
  return findings.join("; ");
}
