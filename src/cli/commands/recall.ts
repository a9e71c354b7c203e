import { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SIMULATION_ANCHORS } from "../../attestation/roots.js";
import { VeriteeError } from "../../protocol/errors.js";
import { RECALL_KINDS, recallList, type RecallSubject } from "../../verifier/recall-list.js";
import { createOutput } from "../output.js";
import { scan, type RecallFindings } from "../recall/scan.js";

interface Options {
  readonly measurement?: string; readonly instance?: string; readonly advisory?: string; readonly worker?: string;
  readonly receipts?: string[]; readonly log?: string[]; readonly out: string; readonly json?: boolean;
}

export const recallCommand = (): Command =>
  new Command("recall")
    .description("List every receipt and key release that rested on an enclave build, machine, advisory or worker, and write a recall list.")
    .option("--measurement <hex>", "an enclave build, by the value that grants name")
    .option("--instance <id>", "a machine, as `veritee appraise` shows it")
    .option("--advisory <id>", "a security advisory that was open, for example INTEL-SA-00837")
    .option("--worker <hex>", "a worker's signing key")
    .option("--receipts <dirs...>", "folders with receipt files (*.json), searched in depth")
    .option("--log <files...>", "release logs of key brokers")
    .option("--out <dir>", "where recall-<id>.json is written", ".")
    .option("--json", "print {id, file, subject, receipts: [{file, id}], releases: [{file, line, ...}], scanned}")
    .addHelpText("after", "\nThe list is signed by nobody: its id is the SHA-256 of its content. `veritee verify --recall FILE` honours it.\n\nExample:\n  veritee recall --advisory INTEL-SA-00837 --receipts ./receipts --log ./acme/release-log.jsonl")
    .action(async (options: Options) => {
      const { receipts = [], log = [] } = options;
      if (receipts.length + log.length === 0) throw new VeriteeError("input_invalid", "name what to search: --receipts, --log or both", { field: "--receipts" });
      const result = await recall(subjectOf(options), receipts, log, options.out);
      createOutput(options.json ?? false).result(result, () => inWords(result));
    });

export interface RecallResult extends RecallFindings { readonly id: string; readonly file: string; readonly subject: RecallSubject }

/** Searches, and writes the list. @throws not_found, store_failed */
export async function recall(subject: RecallSubject, receiptFolders: readonly string[], logFiles: readonly string[], folder: string): Promise<RecallResult> {
  const findings = await read(() => scan({ subject, receiptFolders, logFiles, anchors: SIMULATION_ANCHORS }));
  const list = recallList({ subject, receipts: findings.receipts.map((r) => r.id), releases: [...findings.releases] });
  const file = join(folder, `recall-${list.id}.json`);
  await writeFile(file, `${JSON.stringify(list)}\n`);
  return { id: list.id, file, subject, ...findings };
}

async function read<T>(search: () => Promise<T>): Promise<T> {
  try {
    return await search();
  } catch (cause) {
    const { code, path = "" } = cause as NodeJS.ErrnoException;
    if (cause instanceof VeriteeError || code === undefined) throw cause;
    throw new VeriteeError(code === "ENOENT" ? "not_found" : "input_invalid", "cannot read the file", { file: path, cause: code }, { cause });
  }
}

/** @throws input_invalid unless exactly one thing is recalled */
function subjectOf(options: Options): RecallSubject {
  const named = RECALL_KINDS.flatMap((kind) => (options[kind] === undefined ? [] : [{ kind, value: options[kind] }]));
  const [subject, ...others] = named;
  if (subject === undefined || others.length > 0) throw new VeriteeError("input_invalid", "recall one thing: --measurement, --instance, --advisory or --worker", { field: "--measurement" });
  const isHex = subject.kind === "measurement" || subject.kind === "worker";
  return isHex ? { ...subject, value: subject.value.toLowerCase() } : subject;
}

function inWords({ subject, file, receipts, releases, scanned }: RecallResult): readonly string[] {
  return [
    `${receipts.length} of ${scanned.receipts} receipts and ${releases.length} of ${scanned.logLines} log lines rested on ${subject.kind} ${subject.value}`,
    ...receipts.map((r) => `receipt ${r.file}`),
    ...releases.map((r) => `release ${r.file}:${r.line} job ${r.job.slice(0, 12)} to worker ${r.worker.slice(0, 12)}`),
    ...(scanned.refusedCertificates > 0 ? [`note: ${scanned.refusedCertificates} of ${scanned.certificates} worker certificates are not genuine; verify refuses their receipts`] : []),
    ...(scanned.notRead > 0 ? [`note: ${scanned.notRead} files or lines are no receipt and no log entry`] : []),
    `recall list ${file}`,
  ];
}
