// The enterprises of the demo: one process, one home, identity and key broker per applicant.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SIMULATION_ANCHORS } from "../../../attestation/roots.js";
import { readReleaseLog } from "../../../broker/release-log/log.js";
import { openEnterpriseResult } from "../../../enterprise/open-result.js";
import { folderSource } from "../../../enterprise/import/files.js";
import { envelopeToBytes } from "../../../protocol/dsse.js";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { hexId, partyKey, type DatasetManifestId, type GrantId, type JobId, type Measurement } from "../../../protocol/ids.js";
import { datasetProofToBytes, sealedResult, type DatasetManifest, type Grant, type Signed } from "../../../protocol/objects/index.js";
import { receiptFromJson } from "../../../protocol/receipt-file.js";
import { toHex } from "../../../protocol/bytes.js";
import { generateFolder } from "../../../programs/generator/generate.js";
import { openDataFolder, readDatasets } from "../../../programs/import/data-folder.js";
import type { ImportedDataset } from "../../../programs/import/dataset.js";
import { memorySource, type DataSource } from "../../../programs/import/source.js";
import type { Program } from "../../../programs/program.js";
import { programByName } from "../../../programs/registry.js";
import { brokerForData, clientOf, issueGrant, sealDataset } from "../../roles/enterprise.js";
import { createHome, enterpriseOf, type Home } from "../../roles/home.js";
import { proveLocally, registerProof } from "../../roles/prove-dataset.js";
import { random } from "../../roles/system.js";
import { describeWarnings } from "../../warnings.js";
import type { EnterpriseCalls, HandlersOf, LoadRequest } from "../roles.js";
import { emit, serve } from "../rpc.js";

interface Applicant {
  readonly imported: ImportedDataset;
  home?: Home;
  url?: string;
  manifest?: Signed<DatasetManifest, DatasetManifestId>;
  grant?: Signed<Grant, GrantId>;
  broker?: { readonly abort: AbortController; readonly ended: Promise<void> };
}

const applicants = new Map<string, Applicant>();
let program: Program;
let homes = "";

function applicant(id: string): Applicant {
  const found = applicants.get(id);
  ensure(found !== undefined, "not_found", "no such applicant", { applicant: id });
  return found;
}

function done<T>(value: T | undefined, step: string): T {
  if (value === undefined) throw new VeriteeError("job_state", "a step of the demo is missing", { step });
  return value;
}

/** One enterprise of about the median size of real ones. */
const generated = (of: Program, seed: string): DataSource => memorySource(generateFolder(of, { seed, applicants: 1, records: MEDIAN_RECORDS[of.name] ?? 100 }), "generated");
const MEDIAN_RECORDS: Readonly<Record<string, number>> = { "sme-invoice": 1000, "retail-account": 80 };

async function load(p: LoadRequest): ReturnType<HandlersOf<EnterpriseCalls>["load"]> {
  homes = p.homes;
  const wanted = p.program === undefined ? undefined : programByName(p.program);
  const source = p.data === undefined ? generated(wanted ?? programByName("sme-invoice"), p.seed) : folderSource(p.data);
  const folder = await openDataFolder(source, wanted === undefined ? {} : { program: wanted });
  program = folder.program;
  const all = p.applicants === "all" ? [...folder.applicants.keys()] : p.applicants;
  const imported = await readDatasets(folder, p.limit === undefined ? all : all.slice(0, p.limit));
  for (const one of imported) applicants.set(one.applicant, { imported: one });
  return { program: program.name, applicants: [...applicants.keys()], warnings: describeWarnings(imported[0]?.warnings ?? []) };
}

serve({
  load,

  seal: async ({ applicant: id, coordinator }) => {
    const a = applicant(id);
    const folder = join(homes, id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const passphrase = toHex(random(16));
    a.home = await createHome(folder, "enterprise", passphrase);
    a.url = coordinator;
    const { manifest, recordCount, leftOut } = await sealDataset(a.home, coordinator, program, a.imported, ({ step, done: at, of }) => emit({ step, done: at, total: of }));
    a.manifest = manifest;
    const chunks = manifest.value.segments.length - 1;
    return { party: enterpriseOf(a.home).signing.publicKey, dataset: envelopeToBytes(manifest.envelope), records: recordCount, leftOut, chunks };
  },

  prove: async ({ applicant: id, proofFile }) => {
    const a = applicant(id);
    const home = done(a.home, "seal");
    const proved = await proveLocally(home, done(a.manifest, "seal").id, { onStep: ({ done: at, of }) => emit({ step: "prove", done: at, total: of }) });
    const bytes = datasetProofToBytes(proved.proof);
    await mkdir(dirname(proofFile), { recursive: true });
    await writeFile(proofFile, bytes);
    await registerProof(home, done(a.url, "seal"), proved);
    return { proofs: proved.proof.chunks.length + 1, proofBytes: bytes.length };
  },

  grant: async ({ applicant: id, grantee, purpose, measurement }) => {
    const a = applicant(id);
    const home = done(a.home, "seal");
    const url = done(a.url, "seal");
    a.grant = await issueGrant(home, url, {
      dataset: done(a.manifest, "seal"), grantee: partyKey(grantee), purpose,
      allowedMeasurements: [hexId<Measurement>(measurement, 48, "measurement")], allowedAnchors: ["sim"], days: 1,
    });
    const abort = new AbortController();
    const ended = brokerForData(home, url, { anchors: SIMULATION_ANCHORS }, abort.signal, () => undefined);
    a.broker = { abort, ended };
    return { grant: envelopeToBytes(a.grant.envelope) };
  },

  finish: async ({ applicant: id, job }) => {
    const a = applicant(id);
    const home = done(a.home, "seal");
    const enterprise = enterpriseOf(home);
    const api = clientOf(home, done(a.url, "seal"));
    const jobId = hexId<JobId>(job, 32, "job");
    const { statement } = receiptFromJson(await api.receipt(jobId));
    const sealed = (await api.results(jobId)).find((r) => sealedResult.open(r).value.recipient === enterprise.signing.publicKey);
    const result = await openEnterpriseResult(enterprise, {
      sealed: done(sealed, "result"), statement, job: jobId, dataset: done(a.manifest, "seal").value, grant: done(a.grant, "grant").value,
    });
    a.broker?.abort.abort();
    await a.broker?.ended;
    const { entries } = await readReleaseLog(home.folder, enterprise.signing.publicKey);
    return { grade: result.grade, reasons: result.reasons.map((r) => r.code), releases: entries.filter((e) => e.outcome === "released").length };
  },
} satisfies HandlersOf<EnterpriseCalls>);
