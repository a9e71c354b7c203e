import { VeriteeError } from "../protocol/errors.js";
import { CIRCUIT_NAMES, type ArtefactManifest, type CircuitName, type CircuitPin, type ProgramId } from "./manifest.js";
import { PINS } from "./pins/index.js";
import type { VerificationKey } from "./types.js";
import { verificationKeyFromHex } from "./vk.js";

export type { ArtefactManifest, CircuitName, ProgramId } from "./manifest.js";

export const PROGRAM_IDS: readonly ProgramId[] = ["sme-invoice/1", "retail-account/1"];

/** @throws unsupported when no circuit is known for the program */
export function programId(program: string): ProgramId {
  const known = PROGRAM_IDS.find((id) => id === program);
  if (known === undefined) throw new VeriteeError("unsupported", "no circuit for this program", { program });
  return known;
}

/** @throws unsupported unless it names a circuit */
export function circuitName(name: string): CircuitName {
  const known = CIRCUIT_NAMES.find((circuit) => circuit === name);
  if (known === undefined) throw new VeriteeError("unsupported", "no such circuit", { circuit: name, known: CIRCUIT_NAMES.join(", ") });
  return known;
}

const circuitOf = (statement: "score" | "ingest" | "dataset") => (program: ProgramId): CircuitName =>
  circuitName(`${statement}-${program.slice(0, program.indexOf("/"))}`);

/** The circuit of a program's score statement (docs/protocol.md 7). */
export const scoreCircuitOf = circuitOf("score");
/** The circuit of a step of a program's ingest. */
export const ingestCircuitOf = circuitOf("ingest");
/** The circuit that ties a program's ingest to a leaf. */
export const datasetCircuitOf = circuitOf("dataset");

/** What every worker needs. */
export const SCORE_CIRCUITS: readonly CircuitName[] = PROGRAM_IDS.map(scoreCircuitOf);

/** What a worker needs besides, to prove datasets. */
export const DATASET_CIRCUITS: readonly CircuitName[] = PROGRAM_IDS.flatMap((program) => [ingestCircuitOf(program), datasetCircuitOf(program)]);

/** Every circuit that this build pins. */
export const PINNED_CIRCUITS: readonly CircuitName[] = CIRCUIT_NAMES.filter((circuit) => circuit in PINS);

/** Circuit to what its proofs are made with: those of this build (artefactsOf) or of a parameters file. @throws unsupported */
export type ManifestOf = (circuit: CircuitName) => ArtefactManifest;

/** What this build pins. @throws unsupported when the circuit is not pinned */
export const artefactsOf: ManifestOf = (circuit) => pinOf(circuit).manifest;

const keys = new Map<CircuitName, VerificationKey>();

/** The pinned key, the same object each time. @throws unsupported when the circuit is not pinned */
export function verificationKeyOf(circuit: CircuitName): VerificationKey {
  const known = keys.get(circuit) ?? verificationKeyFromHex(pinOf(circuit).verificationKey);
  keys.set(circuit, known);
  return known;
}

function pinOf(circuit: CircuitName): CircuitPin {
  const pin = PINS[circuit];
  if (pin === undefined) throw new VeriteeError("unsupported", "this build pins no such circuit", { circuit });
  return pin;
}
