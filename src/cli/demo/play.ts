// One applicant from sealed records to a checked receipt: the five steps of the README, told as they happen.
import { join } from "node:path";
import type { Deployment } from "../../chain/ports.js";
import { VeriteeError } from "../../protocol/errors.js";
import { describeRecords } from "../warnings.js";
import type { Processes } from "./processes.js";

export interface Stage {
  readonly processes: Processes;
  readonly coordinator: string;
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly platform: string;
  readonly measurement: string;
  readonly program: string;
  readonly receipts: string;
  /** Also proves datasets, and has the platform take no others. */
  readonly proved: boolean;
  readonly say: (text: string) => void;
}

/** One line of `veritee demo --json`. */
export interface DemoResult {
  readonly applicant: string;
  readonly program: string;
  readonly score: number;
  readonly grade: string;
  readonly features: Readonly<Record<string, number>>;
  readonly reasonCodes: readonly string[];
  readonly receiptFile: string;
  readonly verified: boolean;
  readonly simulated: boolean;
  readonly timingsMs: Readonly<Record<string, number>>;
  readonly gasUsed: number;
  /** The ledger accepted the receipt under the registry of proved datasets. */
  readonly datasetProved: boolean;
}

const PURPOSE = "credit decision";

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const spent = Math.round(now - last);
    last = now;
    return spent;
  };
}

export async function play(stage: Stage, applicant: string): Promise<DemoResult> {
  const { processes, say } = stage;
  const lap = stopwatch();

  const sealed = await processes.call("enterprise", "seal", { applicant, coordinator: stage.coordinator });
  const sealMs = lap();
  say(`1 seal     ${describeRecords(sealed.records, sealed.leftOut)} in ${sealed.chunks} sealed ${sealed.chunks === 1 ? "chunk" : "chunks"}, leaf on the ledger (${sealMs} ms)`);

  const proveMs = stage.proved ? await prove(stage, applicant) : undefined;
  lap();
  const { grant } = await processes.call("enterprise", "grant", { applicant, grantee: stage.platform, purpose: PURPOSE, measurement: stage.measurement });
  const grantMs = lap();
  const { job } = await processes.call("platform", "submit", { grant, measurement: stage.measurement, proved: stage.proved });
  say(`2 ask      grant for one use, "${PURPOSE}"; job ${job.slice(0, 12)} submitted`);

  const ended = await processes.call("platform", "wait", { job });
  const jobMs = lap();
  if (ended.state !== "done") throw new VeriteeError("job_state", "the job did not succeed", { applicant, state: ended.state, code: ended.code ?? "", reason: ended.reason ?? "" });
  const phases = await processes.call("worker", "timings", { job });
  say(`3 compute  keys ${phases["keys"] ?? "?"} ms, open and compute ${phases["compute"] ?? "?"} ms, prove ${phases["prove"] ?? "?"} ms, in the SIMULATED enclave`);

  const receiptFile = join(stage.receipts, `${applicant}-${job.slice(0, 12)}.receipt.json`);
  const opened = await processes.call("platform", "open", { job, dataset: sealed.dataset, receiptFile });
  const openMs = lap();
  say(`4 anchor   proof verified by the ledger, ${opened.gasUsed} gas; job in ${jobMs} ms`);
  say(`           the platform opens: score ${opened.score}, grade ${opened.grade}; reasons ${opened.reasonCodes.slice(0, 3).join(", ") || "none"}`);

  const own = await processes.call("enterprise", "finish", { applicant, job });
  say(`           the enterprise opens: grade ${own.grade}; its own log shows ${own.releases} key ${own.releases === 1 ? "release" : "releases"}`);
  if (own.grade !== opened.grade) throw new VeriteeError("commitment_mismatch", "platform and enterprise were shown different grades", { applicant });

  lap();
  const verdict = await processes.call("verifier", "verify", { file: receiptFile, rpcUrl: stage.rpcUrl, deployment: stage.deployment });
  const verifyMs = lap();
  say(`5 check    receipt ${verdict.ok ? "VERIFIED" : "REFUSED"}, DEVELOPMENT parameters allowed (${verifyMs} ms) ${receiptFile}`);
  for (const reason of verdict.failed) say(`           ${reason}`);

  return {
    applicant,
    program: stage.program,
    score: opened.score,
    grade: opened.grade,
    features: Object.fromEntries(opened.features.map((f) => [f.name, f.value])),
    reasonCodes: opened.reasonCodes,
    receiptFile,
    verified: verdict.ok,
    simulated: verdict.simulated,
    timingsMs: { seal: sealMs, ...(proveMs === undefined ? {} : { prove: proveMs }), grant: grantMs, job: jobMs, ...Object.fromEntries(Object.entries(phases).map(([k, v]) => [`job.${k}`, v])), open: openMs, verify: verifyMs },
    gasUsed: opened.gasUsed,
    datasetProved: opened.datasetProved,
  };
}

/** Between sealing and asking: the enterprise proves its dataset and the ledger checks it. Returns milliseconds. */
async function prove({ processes, receipts, say }: Stage, applicant: string): Promise<number> {
  const lap = stopwatch();
  const proofFile = join(receipts, `${applicant}.dataset-proof`);
  const { proofs, proofBytes } = await processes.call("enterprise", "prove", { applicant, proofFile });
  const ms = lap();
  say(`           ${proofs} proofs made by the enterprise, checked by the ledger: aggregates are those of the records (${ms} ms)`);
  say(`           ${proofBytes} bytes, for anybody to check: ${proofFile}`);
  return ms;
}
