import { create } from "@bufbuild/protobuf";
import { utf8 } from "../../src/protocol/bytes.js";
import { programById } from "../../src/programs/registry.js";
import { CompletionSchema, type Completion, type Lease } from "../../src/protocol/wire/veritee_pb.js";
import { checkJob } from "./check-job.js";
import { compute } from "./compute.js";
import type { Step } from "./failure.js";
import { fetchKey } from "./keys.js";
import { fetchSegments, openDataset } from "./open-dataset.js";
import { openModel } from "./open-model.js";
import { proveScore } from "./prove.js";
import { signReceipt } from "./receipt.js";
import { sealResults } from "./seal-result.js";
import type { Session } from "./session.js";

/**
 * One job, from its lease to what is handed back. Reads in the order of docs/protocol.md; every step refuses what does
 * not fit the one before.
 * @param onStep is told which step runs, so that a failure can name it
 */
export async function runJob(session: Session, lease: Lease, onStep: (step: Step) => void): Promise<Completion> {
  const { ports, phases, secrets } = session;
  phases.enter("fetch");
  onStep("check job");
  const checked = checkJob(lease, ports.clock());
  const { job, grant, dataset, model } = checked;
  const program = programById(job.value.program);
  onStep("fetch segments");
  const segments = await fetchSegments(session, dataset.value.segments);
  const [sealedModel] = await fetchSegments(session, [model.value.sealedModel]);

  // The platform's key first: a refusal there spends no use of the enterprise's grant and releases none of its data.
  phases.enter("keys");
  onStep("get model key");
  const modelKey = await fetchKey(session, { job: job.id, holder: model.value.platform, subject: model.id, policyId: job.id });
  onStep("get data key");
  const dataKey = await fetchKey(session, { job: job.id, holder: dataset.value.owner, subject: dataset.id, policyId: grant.id });

  phases.enter("compute");
  onStep("open model");
  const openedModel = await openModel(session, program, model.value, modelKey, sealedModel as Uint8Array);
  secrets.wipe(modelKey);
  onStep("open dataset");
  const openedDataset = await openDataset(session, program, dataset.value, dataKey, segments);
  secrets.wipe(dataKey);
  onStep("compute");
  const computed = await compute(session, program, checked, openedDataset, openedModel);

  phases.enter("prove");
  onStep("prove");
  const proved = await proveScore(session, program.id, computed);

  phases.enter("seal");
  onStep("seal");
  const results = await sealResults(session, checked, openedDataset, computed);
  const receipt = signReceipt(session, checked, proved, computed.datasetProved);
  return create(CompletionSchema, { receipt, results, timingsJson: utf8(JSON.stringify(phases.timings())) });
}
