import type { Clock, Random } from "../../broker/ports.js";
import { ensure, isErrorCode, VeriteeError } from "../../protocol/errors.js";
import type { DatasetManifestId, JobId } from "../../protocol/ids.js";
import { proofRequest, type DatasetManifest, type EnclavePolicy, type ProofRequest, type Signed } from "../../protocol/objects/index.js";
import type { ProofRequestApi, ProofRequestView } from "../../transport/api.js";
import type { Enterprise } from "../identity.js";
import type { StatementProver } from "./prove.js";

/** A day: the largest datasets take hours on one worker. */
const DEFAULT_SECONDS = 86_400;
const POLL_SECONDS = 20;

/** The one request that is under way for a dataset, kept so that an interrupted run follows it instead of asking again. */
export interface RequestJournal {
  read(): Promise<Signed<ProofRequest, JobId> | undefined>;
  write(request: Signed<ProofRequest, JobId>): Promise<void>;
  /** It has ended. */
  clear(): Promise<void>;
}

export interface WorkerProving extends EnclavePolicy {
  readonly api: ProofRequestApi;
  readonly journal: RequestJournal;
  readonly random: Random;
  readonly clock: Clock;
  /** How long the data key may be given for it; a day unless said otherwise. */
  readonly seconds?: number;
  /** its reason is thrown; the workers go on, and a later run fetches what they have made */
  readonly signal?: AbortSignal;
  /** statements that workers are at */
  readonly onLeased?: (leased: number) => void;
}

/**
 * Has a sealed dataset's statements proved by the coordinator's workers, which get its key from the owner's own broker under
 * this policy. Neither they nor the coordinator are believed: whoever uses this verifies what comes.
 */
export const proveByWorkers = (enterprise: Enterprise, manifest: Signed<DatasetManifest, DatasetManifestId>, ports: WorkerProving): StatementProver => ({
  prove: async (_plan, statements, keep) => {
    const request = await requestFor(enterprise, manifest, statements, ports);
    const wanted = new Set(statements);
    for (let seen = 0; ;) {
      const view = await follow(request, seen, ports);
      for (const statement of view.done.filter((s) => wanted.delete(s))) await keep(statement, await ports.api.proof(request.id, statement));
      seen = view.done.length;
      ports.onLeased?.(view.leased);
      if (view.state === "running" && wanted.size > 0) continue;
      await ports.journal.clear();
      if (view.state === "failed") throw failureOf(view);
      return;
    }
  },
});

/** The request under way if it asks for all that is missing and still has time, else a new one. Kept before it is sent. */
async function requestFor(
  enterprise: Enterprise, { id, value: { program } }: Signed<DatasetManifest, DatasetManifestId>, statements: readonly number[], ports: WorkerProving,
): Promise<Signed<ProofRequest, JobId>> {
  const { api, journal, random, clock, allowedMeasurements, allowedAnchors, seconds = DEFAULT_SECONDS } = ports;
  const now = clock();
  const old = await journal.read();
  const fits = old !== undefined && old.signer === enterprise.signing.publicKey && old.value.dataset === id && now < old.value.notAfter
    && samePolicy(old.value, ports) && statements.every((s) => old.value.statements.includes(s));
  const request = fits ? old : proofRequest.sign({
    owner: enterprise.signing.publicKey, dataset: id, program, nonce: random(32), createdAt: now, notAfter: now + seconds,
    statements: [...statements].sort((a, b) => a - b), allowedMeasurements, allowedAnchors,
  }, enterprise.signing);
  await journal.write(request);
  await api.submitProofRequest(request.envelope);
  return request;
}

const samePolicy = (a: EnclavePolicy, b: EnclavePolicy): boolean =>
  String(a.allowedMeasurements) === String(b.allowedMeasurements) && String(a.allowedAnchors) === String(b.allowedAnchors);

async function follow({ id, value }: Signed<ProofRequest, JobId>, seen: number, { api, signal, clock }: WorkerProving): Promise<ProofRequestView> {
  signal?.throwIfAborted();
  try {
    const view = await api.proofRequest(id, seen, POLL_SECONDS, signal);
    const asked = new Set(value.statements);
    ensure(view.done.every((s) => asked.has(s)), "internal", "the service names statements that were not asked for");
    return view;
  } catch (error) {
    signal?.throwIfAborted();
    // A coordinator that restarts is asked again for as long as the request lives.
    const away = error instanceof VeriteeError && error.code === "service_unavailable" && clock() < value.notAfter;
    if (!away) throw error;
    return { state: "running", statements: value.statements.length, leased: 0, done: [], error: undefined };
  }
}

function failureOf({ error = "internal" }: ProofRequestView): VeriteeError {
  const code = isErrorCode(error) ? error : "internal";
  return new VeriteeError(code, "the workers could not prove all of it; what they proved is kept, and another run asks for the rest", { reason: code });
}
