import { VeriteeError, type ErrorCode } from "../../protocol/errors.js";
import { grantMeasurement } from "../measurement.js";
import type { Genuine } from "../verdict.js";
import type { Clause, ClauseInput, Finding } from "./clause.js";
import {
  advisoriesClause, ageClause, anchorClause, attributesClause, evaluationClause, instanceClause, minimumSvnClause, productClause,
  statusClause, vmplClause,
} from "./clauses.js";
import { measurementClause } from "./measurement-clause.js";
import { EXCEPTION_CLAUSES, type AppraisalPolicyFile, type ExceptionClause, type PolicyException } from "./schema.js";
import { day } from "./words.js";

/** Clauses in the order in which they are judged, with the code of a refusal. */
const CLAUSES = [
  ["anchor", "evidence_anchor", anchorClause],
  ["product", "evidence_product", productClause],
  ["instance", "evidence_instance", instanceClause],
  ["tcb-status", "tcb_status", statusClause],
  ["advisories", "tcb_status", advisoriesClause],
  ["evaluation-number", "tcb_status", evaluationClause],
  ["minimum-svn", "tcb_status", minimumSvnClause],
  ["vmpl", "evidence_attributes", vmplClause],
  ["attributes", "evidence_attributes", attributesClause],
  ["measurement", "evidence_measurement", measurementClause],
  ["age", "evidence_expired", ageClause],
] as const satisfies readonly (readonly [string, ErrorCode, Clause])[];

/** `binding` is judged beside the file, from the challenge. */
export type ClauseName = "platform" | (typeof CLAUSES)[number][0] | "binding";

export interface Decision {
  readonly clause: ClauseName;
  readonly ok: boolean;
  /** What was found, with value and limit. */
  readonly detail: string;
  /** Of a refusal. */
  readonly code?: ErrorCode;
  /** Unix seconds: when a yes turns into a no by itself. */
  readonly until?: number;
}

/** Every clause's decision on genuine evidence at a time (Unix seconds). Pure. */
export function applyPolicy(policy: AppraisalPolicyFile, genuine: Genuine, at: number): { readonly decisions: readonly Decision[] } {
  const { platform } = genuine;
  const own = policy.platforms[platform];
  if (own === undefined) {
    return { decisions: [{ clause: "platform", ok: false, code: "evidence_product", detail: `platform ${platform} is not one of ${Object.keys(policy.platforms).join(", ")}` }] };
  }
  const input: ClauseInput = { policy, own, genuine, at };
  const named: Decision = { clause: "platform", ok: true, detail: `platform ${platform} is named` };
  return { decisions: [named, ...CLAUSES.map(([clause, code, judge]) => decide(clause, code, judge(input), input))] };
}

/** @throws the first failing clause's code */
export function enforcePolicy(policy: AppraisalPolicyFile, genuine: Genuine, at: number): void {
  const failed = applyPolicy(policy, genuine, at).decisions.find((d) => !d.ok);
  if (failed !== undefined) throw new VeriteeError(failed.code ?? "policy_invalid", failed.detail, { clause: failed.clause, policy: policy.name });
}

function decide(clause: ClauseName, usual: ErrorCode, finding: Finding, input: ClauseInput): Decision {
  if (finding.ok) return { clause, ...finding };
  const code = finding.code ?? usual;
  const exception = code === "tcb_revoked" ? undefined : exceptionFor(clause, input);
  if (exception === undefined) return { clause, ...finding, code };
  const { owner, reason, until } = exception;
  return { clause, ok: true, until, detail: `${finding.detail}: excepted by ${owner} until ${day(until)} (${reason})` };
}

function exceptionFor(clause: ClauseName, { policy, genuine, at }: ClauseInput): PolicyException | undefined {
  if (!isExceptionClause(clause)) return undefined;
  return policy.exceptions.filter((e) => e.clauses.includes(clause) && at < e.until && matches(e, genuine)).toSorted((a, b) => b.until - a.until)[0];
}

const isExceptionClause = (clause: ClauseName): clause is ExceptionClause => (EXCEPTION_CLAUSES as readonly string[]).includes(clause);

const matches = ({ where }: PolicyException, genuine: Genuine): boolean =>
  (where.platform === undefined || where.platform === genuine.platform)
  && (where.product === undefined || where.product === genuine.product?.toLowerCase())
  && (where.instance === undefined || where.instance === genuine.instance)
  && (where.measurement === undefined || where.measurement === grantMeasurement(genuine));
