// The credit platform of the demo.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SIMULATION_ANCHORS } from "../../../attestation/roots.js";
import { toHex } from "../../../protocol/bytes.js";
import { ensure } from "../../../protocol/errors.js";
import { hexId, type JobId, type Measurement, type ModelManifestId } from "../../../protocol/ids.js";
import { datasetManifest, grant, receiptStatement, type JobRequest, type ModelManifest, type Signed } from "../../../protocol/objects/index.js";
import { receiptFromJson } from "../../../protocol/receipt-file.js";
import { programByName } from "../../../programs/registry.js";
import { readModel } from "../../options.js";
import { createHome, platformOf, type Home } from "../../roles/home.js";
import { addModel, brokerForModels, clientOf, openJob, orderJob } from "../../roles/platform.js";
import { random } from "../../roles/system.js";
import type { HandlersOf, PlatformCalls } from "../roles.js";
import { emit, serve } from "../rpc.js";

interface Started {
  readonly home: Home;
  readonly url: string;
  readonly model: Signed<ModelManifest, ModelManifestId>;
  readonly stop: () => Promise<void>;
}
let started: Started | undefined;
const jobs = new Map<string, Signed<JobRequest, JobId>>();

function running(): Started {
  ensure(started !== undefined, "job_state", "the platform has not started");
  return started;
}
function jobOf(id: string): Signed<JobRequest, JobId> {
  const job = jobs.get(id);
  ensure(job !== undefined, "not_found", "no such job", { job: id });
  return job;
}

serve({
  start: async ({ home: folder, coordinator, program: name, model: file }) => {
    const program = programByName(name);
    const card = await readModel(program, file);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const passphrase = toHex(random(16));
    const home = await createHome(folder, "platform", passphrase);
    const model = await addModel(home, coordinator, program, card);
    const abort = new AbortController();
    const ended = brokerForModels(home, coordinator, { anchors: SIMULATION_ANCHORS }, abort.signal, () => undefined);
    started = { home, url: coordinator, model, stop: async () => { abort.abort(); await ended; } };
    return { party: platformOf(home).signing.publicKey };
  },

  submit: async ({ grant: envelope, measurement, proved }) => {
    const { home, url, model } = running();
    const job = await orderJob(home, url, {
      grant: grant.open(envelope), model, releaseRule: "grade", requireProvedDataset: proved,
      allowedMeasurements: [hexId<Measurement>(measurement, 48, "measurement")], allowedAnchors: ["sim"],
    });
    jobs.set(job.id, job);
    return { job: job.id };
  },

  wait: async ({ job }) => {
    const { home, url } = running();
    let last = { state: "queued", code: undefined as string | undefined, reason: undefined as string | undefined };
    for await (const view of clientOf(home, url).jobEvents(jobOf(job).id)) {
      last = { state: view.state, code: view.error?.code, reason: view.error?.reason };
      emit({ step: view.state, done: 0, total: 1, ...(view.phase === undefined ? {} : { note: view.phase }) });
    }
    return last;
  },

  open: async ({ job, dataset, receiptFile }) => {
    const { home, url } = running();
    const { receipt, result } = await openJob(home, url, jobOf(job), datasetManifest.open(dataset));
    await mkdir(dirname(receiptFile), { recursive: true });
    await writeFile(receiptFile, `${JSON.stringify(receipt, null, 2)}\n`);
    const file = receiptFromJson(receipt);
    return {
      score: result.score, grade: result.grade, features: result.features,
      reasonCodes: result.reasons.map((r) => r.code), gasUsed: file.anchor.gasUsed, datasetProved: receiptStatement.open(file.statement).value.datasetProved,
    };
  },
} satisfies HandlersOf<PlatformCalls>, async () => started?.stop());
