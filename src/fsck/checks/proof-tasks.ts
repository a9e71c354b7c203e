import { replayTasks } from "../../coordinator/trace/read.js";
import type { Finding } from "../finding.js";
import type { Check } from "../scene.js";

/** Every statement to prove has lived a life that its table allows. Those without a request: the store's own foreign key. */
export const checkProofTasks: Check = async ({ db }) =>
  (await replayTasks(db)).map(({ subject, wrong }): Finding => (
    { check: "proof-tasks", kind: "contradictory", subject, says: `the statement's trace: ${wrong.join("; ")}` }));
