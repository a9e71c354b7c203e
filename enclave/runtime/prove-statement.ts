import { ownerField } from "../../src/protocol/commitments.js";
import { toHex } from "../../src/protocol/bytes.js";
import { idBytes, type JobId } from "../../src/protocol/ids.js";
import type { ProofBytes } from "../../src/protocol/objects/index.js";
import type { IngestPlan } from "../../src/programs/ingest.js";
import { programById } from "../../src/programs/registry.js";
import { datasetCircuitOf, ingestCircuitOf, programId } from "../../src/proofs/artefacts.js";
import { proofToWire } from "../../src/proofs/codec.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";
import { checkProofRequest, type CheckedProofRequest } from "./check-job.js";
import type { Step } from "./failure.js";
import { fetchKey } from "./keys.js";
import { fetchSegments, openDataset } from "./open-dataset.js";
import type { Session } from "./session.js";
import { Secrets } from "./wipe.js";

/**
 * The opened dataset of the request that is being worked on: opening one takes its key and checks it whole, which is done
 * once for statements that follow one another.
 */
export class KeptPlan {
  #held: { readonly request: JobId; readonly plan: IngestPlan; readonly secrets: Secrets } | undefined;

  of(request: JobId): IngestPlan | undefined {
    return this.#held?.request === request ? this.#held.plan : undefined;
  }

  /** @param secrets what the plan still needs; wiped when it is dropped */
  keep(request: JobId, plan: IngestPlan, secrets: Secrets): void {
    this.drop();
    this.#held = { request, plan, secrets };
  }

  /** Drops the plan unless the next lease is of its request. */
  keepFor(lease: Lease | undefined): void {
    if (lease?.proofRequest === undefined || this.#held?.request !== toHex(lease.jobId)) this.drop();
  }

  drop(): void {
    this.#held?.secrets.wipeAll();
    this.#held = undefined;
  }
}

/**
 * Proves one statement about a dataset for its owner: a chunk's, or the one that opens both ends of the chain. Whether the
 * proof holds is for the owner to check, who knows the states; this worker's word is not asked for.
 */
export async function proveStatement(session: Session, lease: Lease, kept: KeptPlan, onStep: (step: Step) => void): Promise<ProofBytes> {
  const { ports, phases, guard } = session;
  phases.enter("fetch");
  onStep("check job");
  const checked = checkProofRequest(lease, ports.clock());
  const { request, statement } = checked;
  const plan = kept.of(request.id) ?? await openPlan(session, checked, kept, onStep);

  phases.enter("prove");
  onStep("prove");
  const program = programId(request.value.program);
  const { proof } = statement === 0
    ? await ports.prover.prove(datasetCircuitOf(program), plan.datasetInput)
    : await ports.prover.prove(ingestCircuitOf(program), plan.chunkInput(statement));
  await guard.checkpoint();
  return proofToWire(proof);
}

async function openPlan(session: Session, { request, dataset: { id, value } }: CheckedProofRequest, kept: KeptPlan, onStep: (step: Step) => void): Promise<IngestPlan> {
  const { phases, guard } = session;
  const program = programById(value.program);
  onStep("fetch segments");
  const segments = await fetchSegments(session, value.segments);

  phases.enter("keys");
  onStep("get data key");
  const key = await fetchKey(session, { job: request.id, holder: value.owner, subject: id, policyId: request.id });

  phases.enter("compute");
  onStep("open dataset");
  const secrets = new Secrets();
  try {
    const { chunks, terms, opening: { aggregateSalt, sourceKey } } = await openDataset({ ...session, secrets }, program, value, key, segments);
    session.secrets.wipe(key);
    secrets.keep(aggregateSalt);
    onStep("compute");
    const plan = program.ingest({ chunks, terms, aggregateSalt, owner: ownerField(idBytes(value.owner)), sourceClass: value.sourceClass, sourceKey });
    await guard.checkpoint();
    kept.keep(request.id, plan, secrets);
    return plan;
  } catch (error) {
    secrets.wipeAll();
    throw error;
  }
}
