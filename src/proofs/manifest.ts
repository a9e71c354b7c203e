/** The programs that have circuits, by wire name. */
export type ProgramId = "sme-invoice/1" | "retail-account/1";

/** Base names of the entries in circuits/main: three statements a program, and disclosure, which is the same for all. */
export const CIRCUIT_NAMES = [
  "score-sme-invoice", "score-retail-account",
  "ingest-sme-invoice", "ingest-retail-account",
  "dataset-sme-invoice", "dataset-retail-account",
  "disclose",
] as const;

export type CircuitName = (typeof CIRCUIT_NAMES)[number];

/**
 * What a circuit's proofs are made and checked with, each artefact pinned by SHA-256 (lower-case hex).
 * `development-INSECURE`: the trapdoor is public, so anyone can forge; fit for development and tests only.
 * `ceremony`: nobody knows the trapdoor if one participant of the ceremony was honest (docs/setup.md).
 */
export interface ArtefactManifest {
  readonly circuit: CircuitName;
  readonly r1csSha256: string;
  readonly wasmSha256: string;
  readonly zkeySha256: string;
  readonly verificationKeySha256: string;
  readonly parameters: "development-INSECURE" | "ceremony";
  readonly constraints: number;
  readonly publicInputs: number;
}

/** What a build pins of a circuit. */
export interface CircuitPin {
  readonly manifest: ArtefactManifest;
  /** canonical bytes of the verification key (vk.ts), hex */
  readonly verificationKey: string;
}
