import type { ErrorCode } from "../../protocol/errors.js";
import type { Genuine } from "../verdict.js";
import type { AppraisalPolicyFile, PlatformPolicy } from "./schema.js";

/** What one clause found. `until`, Unix seconds: when a yes turns into a no by itself. */
export interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  /** Of a refusal, when it is not the clause's usual one. */
  readonly code?: ErrorCode;
  readonly until?: number;
}

export interface ClauseInput {
  readonly policy: AppraisalPolicyFile;
  readonly own: PlatformPolicy;
  readonly genuine: Genuine;
  /** Unix seconds. */
  readonly at: number;
}

/** A pure question to the evidence. */
export type Clause = (input: ClauseInput) => Finding;
