import { z } from "zod";
import { AllowList } from "../../outbound/allow-list.js";
import { VeriteeError } from "../../protocol/errors.js";

/** Whom the service tells that a job has ended. Nobody unless the operator lists them. */
export const callbackSettings = z.strictObject({
  /** Hosts: src/outbound/allow-list.ts says how they are written. */
  allow: z.array(z.string()).default([]),
  /** Blocks of addresses that are not public and to which those hosts' names may lead all the same. */
  networks: z.array(z.string()).default([]),
  /** For one try, from the question for the host's address to the end of the answer. */
  timeoutSeconds: z.int().min(1).max(60).default(10),
  /** Tries of one callback. The pause doubles from two seconds to an hour: sixteen tries are over five hours. */
  maxTries: z.int().min(1).max(100).default(16),
}).superRefine(({ allow, networks }, ctx) => {
  try {
    new AllowList({ hosts: allow, networks });
  } catch (error) {
    if (!(error instanceof VeriteeError)) throw error;
    ctx.addIssue({ code: "custom", message: `${error.message}: ${Object.values(error.facts).join(", ")}`, path: [networks.includes(String(error.facts["block"])) ? "networks" : "allow"] });
  }
});

export type CallbackSettings = z.output<typeof callbackSettings>;

/** The settings with their list read. */
export interface CallbackRules { readonly allow: AllowList; readonly timeoutMs: number; readonly maxTries: number }

export const callbackRules = ({ allow, networks, timeoutSeconds, maxTries }: CallbackSettings): CallbackRules =>
  ({ allow: new AllowList({ hosts: allow, networks }), timeoutMs: timeoutSeconds * 1000, maxTries });
