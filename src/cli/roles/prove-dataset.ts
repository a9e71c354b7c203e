// How an enterprise has a dataset of its own proved, for its command and for the demo alike.
import { openDataset } from "../../enterprise/dataset/open.js";
import { folderProofs, folderRequest, readSealedDataset } from "../../enterprise/dataset/local.js";
import { proveByWorkers } from "../../enterprise/dataset/prove-by-workers.js";
import { proveDataset, proveHere, type ProveStep, type StatementProver } from "../../enterprise/dataset/prove.js";
import { requestEndorsement } from "../../enterprise/dataset/request-endorsement.js";
import { publishProof, untilProved } from "../../enterprise/dataset/publish-proof.js";
import type { Bytes } from "../../protocol/bytes.js";
import { ownerField } from "../../protocol/commitments.js";
import type { Endorsement, SourceCard } from "../../protocol/endorsement-file.js";
import { ensure } from "../../protocol/errors.js";
import type { Field } from "../../protocol/field.js";
import { sourceKeyOf } from "../../protocol/ledger-digest.js";
import { idBytes, type DatasetManifestId } from "../../protocol/ids.js";
import type { DatasetManifest, DatasetProof, EnclavePolicy, EndorsementRequest, Signed } from "../../protocol/objects/index.js";
import type { IngestPlan } from "../../programs/ingest.js";
import { programById } from "../../programs/registry.js";
import { datasetCircuitOf, ingestCircuitOf, programId, type CircuitName } from "../../proofs/artefacts.js";
import { builtInParameters, datasetKeysOf, type Parameters } from "../../proofs/parameters.js";
import { artefactsIn } from "../../prover/artefact-files.js";
import { snarkjsProver } from "../../prover/groth16.js";
import { ARTEFACT_DIR } from "../paths.js";
import { clientOf, datasetFolder } from "./enterprise.js";
import { enterpriseOf, type Home } from "./home.js";
import { clock, random } from "./system.js";

/** Checking a proof takes the ledger one transaction or a few; two minutes are many blocks anywhere. */
const PROOF_SECONDS = 120;

export interface ProvedManifest {
  readonly manifest: Signed<DatasetManifest, DatasetManifestId>;
  readonly proof: DatasetProof;
}

/** The circuits that proving a program's datasets takes. */
export const datasetCircuits = (program: string): readonly CircuitName[] => {
  const id = programId(program);
  return [ingestCircuitOf(id), datasetCircuitOf(id)];
};

export interface Proving {
  readonly onStep: (step: ProveStep) => void;
  /** of a source; wanted exactly when the dataset was sealed for one */
  readonly endorsement?: Endorsement | undefined;
  readonly signal?: AbortSignal;
  /** the build's own by default */
  readonly parameters?: Parameters;
}

/** Proves a sealed dataset on this machine: records leave it at no time. Goes on with what an interrupted run has left. */
export async function proveLocally(home: Home, id: DatasetManifestId, { signal, parameters = builtInParameters, ...how }: Proving): Promise<ProvedManifest> {
  const prover = snarkjsProver(artefactsIn(ARTEFACT_DIR, parameters.manifest), parameters.manifest);
  return prove(home, id, { ...how, parameters }, ({ value }) => proveHere(value.program, { prover, ...(signal === undefined ? {} : { signal }) }));
}

/** Which workers may have the data key, and where they are found. */
export interface Workers extends EnclavePolicy { readonly coordinator: string; readonly onLeased?: (leased: number) => void }

/** The same by the coordinator's workers, several at once. The enterprise's broker has to run: it gives them the data key. */
export async function proveRemotely(home: Home, id: DatasetManifestId, workers: Workers, { signal, ...how }: Proving): Promise<ProvedManifest> {
  const { coordinator, ...policy } = workers;
  return prove(home, id, how, (manifest) => proveByWorkers(enterpriseOf(home), manifest, {
    ...policy, api: clientOf(home, coordinator), journal: folderRequest(datasetFolder(home, id)), random, clock, ...(signal === undefined ? {} : { signal }),
  }));
}

async function prove(
  home: Home, id: DatasetManifestId, { onStep, endorsement, parameters = builtInParameters }: Proving, proverFor: (manifest: ProvedManifest["manifest"]) => StatementProver,
): Promise<ProvedManifest> {
  const folder = datasetFolder(home, id);
  const { manifest, ciphertexts } = await readSealedDataset(folder);
  const { plan, sourceKey } = await planOf(home, manifest, ciphertexts);
  const { sourceClass, program } = manifest.value;
  ensure((sourceClass === 0) === (endorsement === undefined), "input_invalid",
    sourceClass === 0 ? "the dataset was sealed for no source" : "the dataset was sealed for a source: its endorsement is needed", { sourceClass });
  if (endorsement !== undefined) ensureFor(manifest.value, sourceKey, endorsement);
  const proof = await proveDataset({ program, plan, sourceClass, sourceKey, endorsement: endorsement?.signature }, {
    prover: proverFor(manifest), keys: datasetKeysOf(parameters, program), journal: folderProofs(folder), onStep,
  });
  return { manifest, proof };
}

/** Found here in a moment; the ledger would find it after the proving. */
function ensureFor({ program, leaf }: DatasetManifest, sourceKey: Field, endorsement: Endorsement): void {
  ensure(endorsement.program === program && endorsement.leaf === leaf, "manifest_mismatch", "the endorsement is of another dataset", { field: "leaf" });
  ensure(sourceKeyOf(endorsement.source) === sourceKey, "manifest_mismatch", "the endorsement is by another source", { source: endorsement.source });
}

/** A sealed dataset of one's own, for the source that is to endorse it. */
export async function endorsementRequestOf(home: Home, id: DatasetManifestId, card: SourceCard): Promise<EndorsementRequest> {
  const sealed = await readSealedDataset(datasetFolder(home, id));
  const key = await dataKeyOf(home, id);
  return requestEndorsement(sealed, key, card).finally(() => key.fill(0));
}

async function dataKeyOf(home: Home, id: DatasetManifestId): Promise<Bytes> {
  const key = await home.keys.get(id);
  ensure(key !== undefined, "not_found", "the key store has no key for the dataset", { dataset: id });
  return key;
}

/** Opens the dataset with its owner's key: the plan holds what its proofs are about. */
async function planOf(
  home: Home, { id, value }: ProvedManifest["manifest"], ciphertexts: readonly Bytes[],
): Promise<{ plan: IngestPlan; sourceKey: DatasetProof["sourceKey"] }> {
  const program = programById(value.program);
  const key = await dataKeyOf(home, id);
  const { chunks, terms, opening } = await openDataset(program, value, key, async (index) => ciphertexts[index] as Bytes);
  key.fill(0);
  const { sourceKey, aggregateSalt } = opening;
  return {
    plan: program.ingest({ chunks, terms, aggregateSalt, owner: ownerField(idBytes(value.owner)), sourceClass: value.sourceClass, sourceKey }),
    sourceKey,
  };
}

/** Hands a proof to the coordinator and waits until the ledger has checked it. */
export async function registerProof(home: Home, url: string, { manifest, proof }: ProvedManifest): Promise<void> {
  const api = clientOf(home, url);
  await publishProof(enterpriseOf(home), manifest.value, proof, api);
  await untilProved(api, manifest.value, PROOF_SECONDS);
}
