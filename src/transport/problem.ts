import { isErrorCode, VeriteeError, type Facts } from "../protocol/errors.js";

/** Problem details (RFC 9457) as a Veritee service writes them. */
export interface Problem {
  /** URI reference of the code's entry in the error list. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

export const PROBLEM_MEDIA_TYPE = "application/problem+json";
export const problemType = (code: string): string => `docs/errors.md#${code}`;

/** What an error may say to a stranger: a server's own troubles and what exists stay inside. */
export function problemOf(error: VeriteeError): Problem {
  const silent = error.status >= 500 || error.code === "not_found";
  return {
    type: problemType(error.code),
    title: silent ? SILENT_TITLE[error.status] ?? "the service failed" : error.message,
    status: error.status,
    code: error.code,
    facts: silent ? {} : Object.fromEntries(Object.entries(error.facts).map(([k, v]) => [k, typeof v === "bigint" ? v.toString() : v])),
  };
}

const SILENT_TITLE: Readonly<Record<number, string>> = {
  404: "not found",
  502: "the ledger refused",
  503: "the service is not available now",
  507: "the service has no space left",
};

/** The error a problem document stands for. What is not one, or has an unknown code, is `internal`. */
export function errorOfProblem(status: number, body: unknown): VeriteeError {
  const problem = typeof body === "object" && body !== null ? (body as Partial<Record<keyof Problem, unknown>>) : {};
  const title = typeof problem.title === "string" ? problem.title.slice(0, 300) : "the service gave no reason";
  if (typeof problem.code === "string" && isErrorCode(problem.code)) return new VeriteeError(problem.code, title, readFacts(problem.facts));
  return new VeriteeError("internal", title, { status });
}

function readFacts(facts: unknown): Facts {
  if (typeof facts !== "object" || facts === null) return {};
  const plain = Object.entries(facts).filter((entry): entry is [string, string | number | boolean] =>
    ["string", "number", "boolean"].includes(typeof entry[1]));
  return Object.fromEntries(plain.slice(0, 20).map(([k, v]) => [k.slice(0, 60), typeof v === "string" ? v.slice(0, 300) : v]));
}
