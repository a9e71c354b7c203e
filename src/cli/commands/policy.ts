import { Command } from "commander";
import { appraise, authenticate, claimsOf } from "../../attestation/appraise.js";
import { applyPolicy, type Decision } from "../../attestation/policy/apply.js";
import { derivePolicy } from "../../attestation/policy/derive.js";
import { parseAppraisalPolicy, type AppraisalPolicyFile, type AppraisalPolicyJson } from "../../attestation/policy/schema.js";
import { SIMULATION_ANCHORS } from "../../attestation/roots.js";
import type { Claims } from "../../attestation/types.js";
import { VeriteeError } from "../../protocol/errors.js";
import { reportData } from "../../protocol/report-data.js";
import { receiptFromJson } from "../../protocol/receipt-file.js";
import { isFolder, readBytes, readCase } from "../case-folder.js";
import { readJson } from "../options.js";
import { createOutput, EXIT } from "../output.js";
import { clock } from "../roles/system.js";
import { parseTime } from "./appraise.js";

interface TestOptions { readonly at?: number; readonly json?: boolean }
interface InitOptions { readonly platform?: string; readonly collateral?: string; readonly at?: number; readonly name: string; readonly json?: boolean }

export function policyCommand(): Command {
  const command = new Command("policy").description("Appraisal policies: which enclaves, machines and TCB levels are accepted (docs/appraisal-policy.md).");
  command.command("test").description("Show what each clause of a policy decides on captured evidence.")
    .argument("<policy>", "policy file")
    .argument("<cases...>", "case folders (case.json and its files) or receipt files")
    .option("--at <time>", "judge as of this time; default: the case's or receipt's, else now", parseTime)
    .option("--json", "print [{name, ok, code, decisions: [{clause, ok, detail}]}]")
    .addHelpText("after", "\nExit code 0 when every one is accepted, 1 otherwise.\n\nExample:\n  veritee policy test policy.json evidence/tdx/* receipt.json")
    .action(async (file: string, names: string[], { at, json }: TestOptions) => {
      const results = await testPolicy(parseAppraisalPolicy(await readJson(file)), names, at);
      createOutput(json ?? false).result(results, () => results.flatMap(inWords));
      process.exitCode = results.every((r) => r.ok) ? EXIT.ok : EXIT.negative;
    });
  command.command("init").description("Derive a starting policy from evidence: exactly these builds, on these machines, at this TCB or better.")
    .argument("<files...>", "receipt files, case folders, or with --platform evidence files")
    .option("--platform <name>", "the platform of evidence files")
    .option("--collateral <file>", "their collateral")
    .option("--at <time>", "judge as of this time; default: the case's or receipt's, else now", parseTime)
    .option("--name <text>", "the policy's name", "starting policy")
    .addHelpText("after", "\nPrints the policy. Read it before you use it: evidence shows what runs, not that it should.\n\nExample:\n  veritee policy init receipt.json > policy.json")
    .action(async (names: string[], options: InitOptions) => createOutput(true).result(await initPolicy(names, options), () => []));
  return command;
}

export interface PolicyTest {
  readonly name: string;
  readonly ok: boolean;
  /** `accepted`, or the code of the first refusal. */
  readonly code: string;
  readonly decisions: readonly Pick<Decision, "clause" | "ok" | "detail">[];
}

/** Evidence that is not genuine fails before any clause. */
export async function testPolicy(policy: AppraisalPolicyFile, names: readonly string[], at?: number): Promise<readonly PolicyTest[]> {
  return Promise.all(names.map(async (name): Promise<PolicyTest> => {
    try {
      const { claims, judgedAt } = await claimsFrom(name, { ...(at === undefined ? {} : { at }) });
      const { decisions } = applyPolicy(policy, claims, judgedAt);
      const failed = decisions.find((d) => !d.ok);
      return { name, ok: failed === undefined, code: failed === undefined ? "accepted" : (failed.code ?? "policy_invalid"), decisions };
    } catch (error) {
      if (!(error instanceof VeriteeError) || !isVerdict(error)) throw error;
      return { name, ok: false, code: error.code, decisions: [] };
    }
  }));
}

/** @throws what the evidence is refused with: a policy is derived from genuine evidence only */
export async function initPolicy(names: readonly string[], { name, ...options }: Pick<InitOptions, "name" | "platform" | "collateral" | "at">): Promise<AppraisalPolicyJson> {
  const seen = await Promise.all(names.map((n) => claimsFrom(n, options)));
  return derivePolicy(name, seen.map((s) => s.claims));
}

/** Codes that judge evidence; everything else is an error of files or options. */
const isVerdict = ({ code }: VeriteeError): boolean => /^(?:evidence|certificate|collateral|tcb)_|^qe_identity$/.test(code);

interface Seen { readonly claims: Claims; readonly judgedAt: number }
type Given = Pick<InitOptions, "platform" | "collateral" | "at">;

/** Simulated evidence counts here: a policy that does not name its anchor refuses it, visibly. */
async function claimsFrom(name: string, { platform, collateral, at }: Given): Promise<Seen> {
  if (await isFolder(name)) {
    const { evidence, anchors, verifyAt, judgeTcb } = await readCase(name);
    const judgedAt = at ?? verifyAt ?? clock();
    return { judgedAt, claims: claimsOf(await authenticate(evidence, anchors, judgedAt, judgeTcb)) };
  }
  if (platform === undefined) return claimsOfReceipt(name, at);
  const evidence = { platform, evidence: await readBytes(name), collateral: collateral === undefined ? new Uint8Array() : await readBytes(collateral) };
  const judgedAt = at ?? clock();
  return { judgedAt, claims: claimsOf(await authenticate(evidence, SIMULATION_ANCHORS, judgedAt)) };
}

async function claimsOfReceipt(file: string, at: number | undefined): Promise<Seen> {
  const { certificate: { evidence, nonce, worker, appraisedAt } } = receiptFromJson(await readJson(file));
  const judgedAt = at ?? appraisedAt;
  const expectedReportData = reportData({ nonce, worker, release: undefined });
  return { judgedAt, claims: await appraise({ evidence, anchors: SIMULATION_ANCHORS, policy: "authenticity", expectedReportData, atUnixSeconds: judgedAt }) };
}

const inWords = ({ name, ok, code, decisions }: PolicyTest): readonly string[] =>
  [`${ok ? "ACCEPTED" : "REJECTED"} ${name}${ok ? "" : `: ${code}`}`, ...decisions.map((d) => `  ${d.ok ? "pass" : "FAIL"} ${d.clause}: ${d.detail}`)];
