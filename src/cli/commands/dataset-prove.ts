import type { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hexId, type DatasetManifestId, type Measurement } from "../../protocol/ids.js";
import { datasetManifest, datasetProofFromBytes, datasetProofId, datasetProofToBytes, endorsementRequestToBytes, readAnchor, type Anchor, type DatasetProof } from "../../protocol/objects/index.js";
import { cardFromJson, endorsementFromJson } from "../../protocol/endorsement-file.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { verifyDatasetProof, type DatasetKeys } from "../../proofs/dataset-proof.js";
import { datasetKeysOf } from "../../proofs/parameters.js";
import type { ProveStep } from "../../enterprise/dataset/prove.js";
import { prepareArtefacts } from "../artefacts.js";
import { openPartyHome, withHome, type HomeOptions } from "../home-options.js";
import { builtMeasurement } from "../measurement.js";
import { collect, readBytes, readJson } from "../options.js";
import { createOutput, EXIT } from "../output.js";
import { openParameters, withParameters, type ParametersOption } from "../parameters.js";
import { ensureMaySimulate } from "../profile.js";
import { progress } from "../progress.js";
import type { Home } from "../roles/home.js";
import { datasetCircuits, endorsementRequestOf, proveLocally, proveRemotely, registerProof, type ProvedManifest, type Proving } from "../roles/prove-dataset.js";
import { datasetFolder } from "../roles/enterprise.js";
import { readSigned } from "../files.js";

interface ProveOptions extends HomeOptions, ParametersOption {
  coordinator?: string; local?: boolean; anchor: Anchor[]; measurement?: string[]; endorsement?: string; out?: string; json?: boolean;
}

/** A bar of proofs, with how many workers are at it. */
function bar(): { onStep: (step: ProveStep) => void; onLeased: (leased: number) => void } {
  const shown = progress("prove");
  let [step, workers]: [ProveStep | undefined, number] = [undefined, 0];
  const show = (): void => {
    if (step === undefined) return;
    const { done, of, resumed } = step;
    const notes = [...(resumed > 0 ? [`${resumed} from before`] : []), ...(workers > 0 ? [`${workers} under way`] : [])];
    if (done < of) shown.update(done, of, notes.join(", ") || undefined);
    else shown.end(`${of} proofs`);
  };
  return {
    onStep: (now) => { step = now; show(); },
    onLeased: (leased) => { workers = leased; if (step !== undefined && step.done < step.of) show(); },
  };
}

/** `veritee dataset request-endorsement`, `prove` and `verify-proof`. */
export function addProveCommands(command: Command): void {
  withHome(command.command("request-endorsement").description("Write what a source needs to endorse a dataset that was sealed for it."))
    .argument("<dataset>", "id of the dataset version")
    .requiredOption("--source <card>", "the source's card, as when the dataset was sealed")
    .requiredOption("--out <file>", "write the request here: only the source can open it")
    .addHelpText("after", "\nExample:\n  veritee dataset request-endorsement 3fa9... --home ./acme --source tax-office.json --out acme.request")
    .action(async (id: string, options: HomeOptions & { source: string; out: string }) => {
      const home = await openPartyHome(options, "enterprise");
      const request = await endorsementRequestOf(home, hexId<DatasetManifestId>(id, 32, "dataset"), cardFromJson(await readJson(options.source)));
      await writeFile(options.out, endorsementRequestToBytes(request), { mode: 0o600 });
      createOutput(false).result({}, () => [`request for ${options.source}: ${options.out}`]);
    });
  withParameters(withHome(command.command("prove")).description("Prove that a sealed dataset's aggregates are those of its records."))
    .argument("<dataset>", "id of the dataset version")
    .option("--local", "on this machine: records never leave it (a few seconds for 320 records)")
    .option("--coordinator <url>", "have the proof checked and registered by the ledger, through this coordinator; without --local its workers prove, and `veritee broker run` must run to give them the data key")
    .option("--anchor <name>", "without --local: trust anchor to which the data key may go; repeat for more. `sim` allows SIMULATED enclaves", collect(readAnchor), [])
    .option("--measurement <hex>", "without --local: enclave to which it may go; repeat for more; this build's own when left out", collect(String))
    .option("--endorsement <file>", "the source's endorsement, for a dataset that was sealed for one")
    .option("--out <file>", "write the proof here, for whoever wants to check it")
    .option("--json", "print what was proved as JSON")
    .addHelpText("after", "\nStopped, it goes on where it was when started again.\n\nExample:\n  veritee dataset prove 3fa9... --local --home ./acme --coordinator http://127.0.0.1:8080\n  veritee dataset prove 3fa9... --home ./acme --coordinator http://127.0.0.1:8080 --anchor sim")
    .action(async (id: string, options: ProveOptions) => {
      const home = await openPartyHome(options, "enterprise");
      const datasetId = hexId<DatasetManifestId>(id, 32, "dataset");
      const { value } = await readSigned(join(datasetFolder(home, datasetId), "manifest.bin"), datasetManifest);
      const parameters = await openParameters(options);
      const endorsement = options.endorsement === undefined ? undefined : endorsementFromJson(await readJson(options.endorsement));
      const proved = await prove(home, datasetId, value.program, options, { endorsement, parameters });
      const bytes = datasetProofToBytes(proved.proof);
      if (options.out !== undefined) await writeFile(options.out, bytes);
      if (options.coordinator !== undefined) await registerProof(home, options.coordinator, proved);
      createOutput(options.json ?? false).result(
        { ...factsOf(proved.proof), proof: datasetProofId(bytes), registered: options.coordinator !== undefined },
        () => [
          `dataset ${id} proved: ${proved.proof.chunks.length} chunks, proof ${datasetProofId(bytes)} (${bytes.length} bytes)`,
          options.coordinator === undefined ? "not registered: give --coordinator" : "checked and registered by the ledger",
          ...developmentNote(datasetKeysOf(parameters, value.program)),
        ],
      );
    });
  withParameters(command.command("verify-proof")).description("Check a dataset proof, on any machine; asks nobody.")
    .argument("<file>", "a file that `veritee dataset prove --out` wrote")
    .option("--allow-development", "let a proof under DEVELOPMENT parameters count, which anyone can forge")
    .option("--json", "print what it says as JSON")
    .addHelpText("after", "\nExit code 1 when a proof in it does not hold, or is under development parameters that were not allowed.\n\nExample:\n  veritee dataset verify-proof acme.proof")
    .action(async (file: string, options: ParametersOption & { allowDevelopment?: boolean; json?: boolean }) => {
      if (options.allowDevelopment === true) ensureMaySimulate("development parameters");
      const proof = datasetProofFromBytes(await readBytes(file));
      const keys = datasetKeysOf(await openParameters(options), proof.program);
      const refusal = refusalOf(proof, keys, options.allowDevelopment ?? false);
      if (refusal !== undefined) process.exitCode = EXIT.negative;
      createOutput(options.json ?? false).result({ ...factsOf(proof), verified: refusal === undefined, ...(refusal === undefined ? {} : { refusal }) }, () => refusal !== undefined ? [`REFUSED: ${refusal}`] : [
        `verified: ${proof.chunks.length} chunks of ${proof.program} lead to leaf ${hex(proof.leaf)}`,
        proof.sourceClass === 0 ? "no source stands behind the records" : `claimed source class ${proof.sourceClass}; the ledger checks the endorsement`,
        ...developmentNote(keys),
      ]);
    });
}

/** Here, or by workers. */
async function prove(home: Home, id: DatasetManifestId, program: string, options: ProveOptions, how: Omit<Proving, "onStep">): Promise<ProvedManifest> {
  const { local = false, coordinator, anchor, measurement } = options;
  if (local) {
    ensure(anchor.length === 0 && measurement === undefined, "input_invalid", "with --local no enclave gets the key: leave out --anchor and --measurement", { field: "anchor" });
    await prepareArtefacts(datasetCircuits(program), how.parameters);
    return proveLocally(home, id, { ...how, onStep: bar().onStep });
  }
  ensure(coordinator !== undefined, "input_invalid", "give --local, or --coordinator and --anchor to have workers prove", { field: "coordinator" });
  ensure(anchor.length > 0, "input_invalid", "give at least one --anchor to which the data key may go, or --local", { field: "anchor" });
  const allowedMeasurements = measurement === undefined ? [await builtMeasurement()] : measurement.map((m) => hexId<Measurement>(m, m.length / 2, "measurement"));
  const { onStep, onLeased } = bar();
  return proveRemotely(home, id, { coordinator, allowedAnchors: anchor, allowedMeasurements, onLeased }, { ...how, onStep });
}

const hex = (value: bigint): string => value.toString(16).padStart(64, "0");
const factsOf = (p: DatasetProof) => ({ program: p.program, leaf: hex(p.leaf), datasetRoot: hex(p.datasetRoot), chunks: p.chunks.length, sourceClass: p.sourceClass });
const isDevelopment = ({ ingest, dataset }: DatasetKeys): boolean => ingest.development || dataset.development;
const developmentNote = (keys: DatasetKeys): string[] => isDevelopment(keys) ? ["DEVELOPMENT parameters: anyone can forge such proofs"] : [];

/** Why a dataset proof does not count. */
function refusalOf(proof: DatasetProof, keys: DatasetKeys, allowDevelopment: boolean): string | undefined {
  try {
    verifyDatasetProof(proof, keys);
    ensure(allowDevelopment || !isDevelopment(keys), "parameters_insecure", "DEVELOPMENT parameters: anyone can forge such proofs; allow them with --allow-development",
      { parameters: "development-INSECURE" });
    return undefined;
  } catch (error) {
    if (error instanceof VeriteeError) return error.describe();
    throw error;
  }
}
