import type { PolicySource } from "../broker/ports.js";
import { ensure } from "../protocol/errors.js";
import type { PartyKey } from "../protocol/ids.js";

/** The platform's side of a key broker: its model's key goes to enclaves that the platform itself named in a job it signed. */
export const modelPolicy = (self: PartyKey): PolicySource => ({
  judge: async ({ subject }, job) => {
    ensure(job.signer === self, "grant_mismatch", "the job is another platform's", { platform: job.signer });
    ensure(job.value.model === subject, "grant_mismatch", "the job is for another model", { field: "model" });
    return { id: job.id, enclaves: job.value, maxUses: undefined };
  },
});
