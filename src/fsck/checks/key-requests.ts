import { replayKeyRequests } from "../../coordinator/trace/read.js";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";

/** Every key request has lived a life that its table allows. Those without a job: checks/orphans.ts. */
export const checkKeyRequests: Check = async ({ db }) =>
  (await replayKeyRequests(db)).map(({ subject, wrong }): Finding => (
    { check: "key-requests", kind: "contradictory", subject, says: `the request's trace: ${wrong.join("; ")}` }));
