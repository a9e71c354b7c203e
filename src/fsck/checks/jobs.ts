import { replayJobs } from "../../coordinator/trace/read.js";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";

/** Every job has lived a life that the table of queue/transitions.ts allows, and is in the state where its trace ends. */
export const checkJobs: Check = async ({ db }) => {
  const lives = await replayJobs(db);
  const rows = await db.selectFrom("jobs").select(["id", "state", "error_code"])
    .where((eb) => eb.or([eb.and([eb("state", "=", "failed"), eb("error_code", "is", null)]), eb.and([eb("state", "!=", "failed"), eb("error_code", "is not", null)])])).execute();
  return [
    ...lives.map(({ subject, wrong }): Finding => ({ check: "jobs", kind: "contradictory", subject, says: `the job's trace: ${wrong.join("; ")}` })),
    ...rows.map((job): Finding => ({
      check: "jobs", kind: "contradictory", subject: job.id,
      says: job.error_code === null ? "the job failed and nothing says why" : `the job is ${job.state} and has the error ${job.error_code}`,
    })),
  ];
};
