import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { appraise } from "../../attestation/appraise.js";
import type { Claims } from "../../attestation/types.js";
import type { TrustAnchors } from "../../attestation/verdict.js";
import type { Bytes } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";
import { certificateFromBytes } from "../../protocol/objects/receipt.js";
import { reportData } from "../../protocol/report-data.js";
import { restsOn, type RecallSubject } from "../../verifier/recall-list.js";
import { jsonFiles, ReceiptReader } from "./receipts.js";

export interface RecallQuery {
  readonly subject: RecallSubject;
  readonly receiptFolders: readonly string[];
  readonly logFiles: readonly string[];
  readonly anchors: TrustAnchors;
}

export interface RecalledReceipt { readonly file: string; readonly id: string }
export interface RecalledRelease { readonly file: string; readonly line: number; readonly request: string; readonly job: string; readonly worker: string; readonly at: number }

export interface RecallFindings {
  readonly receipts: readonly RecalledReceipt[];
  readonly releases: readonly RecalledRelease[];
  readonly scanned: {
    readonly receipts: number;
    readonly certificates: number;
    /** Certificates whose evidence is not genuine under these anchors: `veritee verify` refuses their receipts. */
    readonly refusedCertificates: number;
    readonly logLines: number;
    /** Files and lines that are no receipt and no entry. */
    readonly notRead: number;
  };
}

interface Found { readonly worker: string; readonly genuine: boolean; readonly recalled: boolean }

/**
 * Finds what rested on the subject. A key release rests on it through its own evidence, or through a worker whose registered
 * evidence does: a release log keeps of evidence the digest and the measurement.
 */
export async function scan({ subject, receiptFolders, logFiles, anchors }: RecallQuery): Promise<RecallFindings> {
  const certificates = new Map<string, Found | undefined>();
  const reader = new ReceiptReader();
  const receipts: RecalledReceipt[] = [];
  let seen = 0;
  let notRead = 0;
  for (const folder of receiptFolders) {
    for (const file of jsonFiles(folder)) {
      const receipt = reader.glance(file);
      if (receipt === undefined) {
        notRead++;
        continue;
      }
      seen++;
      if (!certificates.has(receipt.certificateKey)) certificates.set(receipt.certificateKey, await judge(receipt.certificate, subject, anchors));
      if (certificates.get(receipt.certificateKey)?.recalled !== true) continue;
      const id = receipt.id();
      if (id === undefined) notRead++;
      else receipts.push({ file, id });
    }
  }
  const known = [...certificates.values()];
  const workers = new Set(known.flatMap((c) => (c?.recalled === true ? [c.worker] : [])));
  const logs = await scanLogs(logFiles, subject, workers);
  return {
    receipts,
    releases: logs.releases,
    scanned: {
      receipts: seen, certificates: certificates.size, refusedCertificates: known.filter((c) => c?.genuine !== true).length,
      logLines: logs.lines, notRead: notRead + logs.notRead,
    },
  };
}

async function judge(bytes: () => Bytes, subject: RecallSubject, anchors: TrustAnchors): Promise<Found | undefined> {
  try {
    const { evidence, nonce, worker, appraisedAt } = certificateFromBytes(bytes());
    const expectedReportData = reportData({ nonce, worker, release: undefined });
    const claims = await orRefused(appraise({ evidence, anchors, policy: "authenticity", expectedReportData, atUnixSeconds: appraisedAt }));
    return { worker: worker.signingKey, genuine: claims !== undefined, recalled: restsOn(subject, worker.signingKey, claims) };
  } catch (error) {
    if (error instanceof VeriteeError) return undefined;
    throw error;
  }
}

async function orRefused(claims: Promise<Claims>): Promise<Claims | undefined> {
  try {
    return await claims;
  } catch (error) {
    if (error instanceof VeriteeError) return undefined;
    throw error;
  }
}

/** Of a log line, what a recall needs; that the chain and its signatures hold, `veritee broker log` checks. */
const decision = z.looseObject({
  outcome: z.enum(["released", "refused"]), request: z.string(), job: z.string(), worker: z.string(), at: z.int().nonnegative(),
  evidence: z.looseObject({ measurement: z.string() }).optional(),
});
const line = z.looseObject({ entry: z.union([decision, z.looseObject({ outcome: z.literal("destroyed") })]) });

async function scanLogs(files: readonly string[], subject: RecallSubject, workers: ReadonlySet<string>): Promise<{ releases: RecalledRelease[]; lines: number; notRead: number }> {
  const releases: RecalledRelease[] = [];
  let lines = 0;
  let notRead = 0;
  for (const file of files) {
    let number = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number++;
      const entry = readEntry(text);
      if (entry === undefined) {
        notRead++;
        continue;
      }
      lines++;
      if (entry.outcome === "destroyed") continue;
      const { request, job, worker, at } = entry;
      const own = subject.kind === "measurement" ? entry.evidence?.measurement === subject.value : restsOn(subject, worker, undefined);
      if (entry.outcome === "released" && (own || workers.has(worker))) releases.push({ file, line: number, request, job, worker, at });
    }
  }
  return { releases, lines, notRead };
}

function readEntry(text: string): z.infer<typeof line>["entry"] | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data?.entry;
  } catch {
    return undefined;
  }
}
