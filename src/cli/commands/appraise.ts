import { Command, InvalidArgumentError } from "commander";
import { judge, type Judgement, type Verdict } from "../../attestation/judge.js";
import { parseAppraisalPolicy, type AppraisalPolicyFile } from "../../attestation/policy/schema.js";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../attestation/roots.js";
import { VeriteeError } from "../../protocol/errors.js";
import { readBytes, readCase } from "../case-folder.js";
import { readJson } from "../options.js";
import { createOutput, EXIT } from "../output.js";
import { clock } from "../roles/system.js";

export interface AppraiseOptions {
  readonly case?: string;
  readonly platform?: string;
  readonly evidence?: string;
  readonly collateral?: string;
  /** Unix seconds. */
  readonly at?: number;
  readonly policy?: string;
  readonly simulation?: boolean;
}

export const appraiseCommand = (): Command =>
  new Command("appraise")
    .description("Judge evidence of an enclave: genuine, current, allowed? Trusts the vendors' roots that this build pins.")
    .option("--case <dir>", "a folder with case.json and its files")
    .option("--platform <name>", "sgx, tdx, snp, nitro, az-snp-vtpm, az-tdx-vtpm or csv")
    .option("--evidence <file>", "quote, report or document")
    .option("--collateral <file>", "collateral in the platform's JSON shape")
    .option("--at <time>", "judge as of this time (ISO 8601 or Unix seconds); default: the case's, else now", parseTime)
    .option("--policy <file>", "appraisal policy (docs/appraisal-policy.md); default: authenticity, any enclave and machine, any TCB status but Revoked")
    .option("--simulation", "also accept the public simulator's roots; the verdict then says `simulated`")
    .option("--json", "print {verdict, code, status, advisories, claims, validUntil, explanation}")
    .addHelpText("after", "\nExit code 0 when accepted, 1 when rejected.\n\nExample:\n  veritee appraise --platform tdx --evidence quote.bin --collateral collateral.json --policy policy.json")
    .action(async (options: AppraiseOptions & { json?: boolean }) => {
      const verdict = await appraiseFiles(options);
      createOutput(options.json ?? false).result(verdict, () => inWords(verdict));
      process.exitCode = verdict.verdict === "accept" ? EXIT.ok : EXIT.negative;
    });

/** What the command does: bad evidence is a verdict, unreadable files and options are errors. */
export async function appraiseFiles(options: AppraiseOptions): Promise<Verdict> {
  return judge(options.case === undefined ? await judgementOfFiles(options) : await judgementOfCase(options.case, options));
}

async function judgementOfCase(folder: string, { at, policy, platform, evidence, collateral, simulation }: AppraiseOptions): Promise<Judgement> {
  const mixed = [platform, evidence, collateral, simulation].some((o) => o !== undefined);
  if (mixed) throw new VeriteeError("input_invalid", "--case names evidence, collateral and anchors itself", { field: "--case" });
  const found = await readCase(folder);
  return {
    evidence: found.evidence, anchors: found.anchors, judgeTcb: found.judgeTcb,
    at: at ?? found.verifyAt ?? clock(),
    policy: policy === undefined && found.policy !== undefined ? parseAppraisalPolicy(found.policy) : await readPolicy(policy),
  };
}

async function judgementOfFiles({ platform, evidence, collateral, at, policy, simulation = false }: AppraiseOptions): Promise<Judgement> {
  if (platform === undefined || evidence === undefined) throw new VeriteeError("input_invalid", "give --case, or --platform and --evidence", { field: "--evidence" });
  return {
    evidence: { platform, evidence: await readBytes(evidence), collateral: collateral === undefined ? new Uint8Array() : await readBytes(collateral) },
    anchors: simulation ? SIMULATION_ANCHORS : VENDOR_ANCHORS,
    at: at ?? clock(),
    policy: await readPolicy(policy),
  };
}

/** @throws not_found, input_invalid, policy_invalid */
export const readPolicy = async (file: string | undefined): Promise<AppraisalPolicyFile | "authenticity"> =>
  file === undefined ? "authenticity" : parseAppraisalPolicy(await readJson(file));

/** ISO 8601 with a zone, a date, or Unix seconds. */
export function parseTime(text: string): number {
  const iso = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) : iso.test(text) ? Math.floor(Date.parse(text) / 1000) : Number.NaN;
  if (!Number.isSafeInteger(seconds)) throw new InvalidArgumentError("give a time like 2026-03-01T00:00:00Z, or Unix seconds");
  return seconds;
}

function inWords({ verdict, code, status, validUntil, explanation }: Verdict): readonly string[] {
  const accepted = verdict === "accept";
  const head = accepted ? `ACCEPTED${status === null ? "" : `, TCB status ${status}`}` : `REJECTED: ${code}`;
  return [head, ...(validUntil === null ? [] : [`good until ${validUntil}`]), ...explanation];
}
