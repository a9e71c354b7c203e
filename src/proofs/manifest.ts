/** The programs that have a score circuit, by wire name. */
export type ProgramId = "sme-invoice/1" | "retail-account/1";

/**
 * What a program's proofs are made and checked with, each artefact pinned by SHA-256 (lower-case hex).
 * `development-INSECURE`: the trapdoor is public, so anyone can forge; fit for development and tests only.
 */
export interface ArtefactManifest {
  /** base name of the entry in circuits/main */
  readonly circuit: string;
  readonly r1csSha256: string;
  readonly wasmSha256: string;
  readonly zkeySha256: string;
  readonly verificationKeySha256: string;
  readonly parameters: "development-INSECURE";
  readonly constraints: number;
  readonly publicInputs: number;
}
