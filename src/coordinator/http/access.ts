import { VeriteeError } from "../../protocol/errors.js";
import type { BlobId, PartyKey } from "../../protocol/ids.js";
import type { Context } from "../context.js";
import { mayReadBlob } from "../store/blob-refs.js";
import { findLeafDataset } from "../store/datasets.js";
import { findJob } from "../store/jobs.js";
import { findProofRequest } from "../store/proof-requests.js";
import { findKeyRequest } from "../store/key-requests.js";
import { findWorker } from "../store/workers.js";

type Params = Readonly<Record<string, string>>;
interface Rule {
  readonly says: string;
  readonly allows: (ctx: Context, caller: PartyKey, params: Params) => Promise<boolean>;
}

/** Who may use a route. Every route names one of these; the only one without a signature is `public`. */
export const ACCESS = {
  public: { says: "anyone, unsigned", allows: () => Promise.resolve(true) },
  signed: { says: "any key; what it sends must be its own", allows: () => Promise.resolve(true) },
  worker: { says: "a registered worker", allows: isWorker },
  job_party: { says: "the job's platform and the owner of its dataset", allows: isJobParty },
  job_platform: { says: "the job's platform", allows: async (ctx, caller, p) => (await findJob(ctx.db, p["id"] ?? ""))?.platform === caller },
  blob_reader: { says: "the owner of what the blob belongs to, and the worker that holds a job that needs it", allows: (ctx, caller, p) => mayReadBlob(ctx.db, caller, p["id"] as BlobId) },
  proof_owner: { says: "the owner that signed the proof request", allows: async (ctx, caller, p) => (await findProofRequest(ctx.db, p["id"] ?? ""))?.owner === caller },
  leaf_owner: { says: "the owner of the dataset with this leaf", allows: async (ctx, caller, p) => (await findLeafDataset(ctx.db, caller, p["leaf"] ?? "")) !== undefined },
  key_requester: { says: "the worker that made the request", allows: async (ctx, caller, p) => (await findKeyRequest(ctx.db, p["id"] ?? ""))?.worker === caller },
} as const satisfies Readonly<Record<string, Rule>>;

export type AccessRule = keyof typeof ACCESS;

/** What is forbidden looks like what does not exist. @throws not_found */
export async function checkAccess(ctx: Context, rule: AccessRule, caller: PartyKey, params: Params): Promise<void> {
  const { allows }: Rule = ACCESS[rule];
  if (!(await allows(ctx, caller, params))) throw new VeriteeError("not_found", "not found");
}

async function isWorker(ctx: Context, caller: PartyKey): Promise<boolean> {
  const worker = await findWorker(ctx.db, caller);
  return worker !== undefined && worker.state === "registered" && worker.not_after > BigInt(ctx.now());
}

async function isJobParty(ctx: Context, caller: PartyKey, params: Params): Promise<boolean> {
  const job = await findJob(ctx.db, params["id"] ?? "");
  return job !== undefined && (job.platform === caller || job.owner === caller);
}
