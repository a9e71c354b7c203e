// What the demo's processes can be asked to do. The parent calls these by name; parameters and answers are plain data.
import type { Deployment } from "../../chain/ports.js";
import type { ScoredFeature } from "../../protocol/objects/index.js";

export interface CoordinatorCalls {
  start(p: { stateDir: string; rpcUrl: string; deployment: Deployment; registrarKey: Uint8Array; measurement: string }): { url: string };
}
export interface WorkerCalls {
  start(p: { coordinator: string }): { measurement: string };
  /** Milliseconds a phase of a finished job; empty when it is not known. */
  timings(p: { job: string }): Readonly<Record<string, number>>;
}
/** Terms and files are read once; an applicant is an enterprise of its own, with its own home, keys and broker. */
export interface EnterpriseCalls {
  load(p: LoadRequest): { program: string; applicants: readonly string[]; warnings: readonly string[] };
  seal(p: { applicant: string; coordinator: string }): { party: string; dataset: Uint8Array; records: number; leftOut: number; chunks: number };
  /** On the enterprise's own machine; resolves when the ledger has checked the proof. */
  prove(p: { applicant: string; proofFile: string }): { proofs: number; proofBytes: number };
  /** Also starts the applicant's key broker. */
  grant(p: { applicant: string; grantee: string; purpose: string; measurement: string }): { grant: Uint8Array };
  /** Opens its grade, stops its broker, checks its release log. */
  finish(p: { applicant: string; job: string }): { grade: string; reasons: readonly string[]; releases: number };
}
export interface LoadRequest {
  readonly homes: string;
  readonly program: string | undefined;
  /** Without it an enterprise is generated. */
  readonly data: string | undefined;
  readonly applicants: readonly string[] | "all";
  readonly limit: number | undefined;
  readonly seed: string;
}
export interface PlatformCalls {
  /** Also starts the platform's key broker. */
  start(p: { home: string; coordinator: string; program: string; model: string | undefined }): { party: string };
  submit(p: { grant: Uint8Array; measurement: string; proved: boolean }): { job: string };
  /** Resolves when the job has ended; emits its states meanwhile. */
  wait(p: { job: string }): { state: string; code: string | undefined; reason: string | undefined };
  open(p: { job: string; dataset: Uint8Array; receiptFile: string }): OpenedJob;
}
export interface OpenedJob {
  readonly score: number;
  readonly grade: string;
  readonly features: readonly ScoredFeature[];
  readonly reasonCodes: readonly string[];
  readonly gasUsed: number;
  /** The platform accepted no other: the aggregates are proved to be those of the records. */
  readonly datasetProved: boolean;
}
export interface VerifierCalls {
  verify(p: { file: string; rpcUrl: string; deployment: Deployment }): { ok: boolean; simulated: boolean; developmentParameters: boolean; failed: readonly string[] };
}

type AnyCalls = Record<string, (params: never) => unknown>;
/** The handlers of a role's process for its calls. */
export type HandlersOf<C> = { readonly [M in keyof C]: C[M] extends (p: infer P) => infer R ? (params: P) => Promise<R> : never };
export type ParamsOf<C, M extends keyof C> = C[M] extends (p: infer P) => unknown ? P : never;
export type ResultOf<C, M extends keyof C> = C[M] extends (p: never) => infer R ? R : never;
export type { AnyCalls };
