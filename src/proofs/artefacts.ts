import { VeriteeError } from "../protocol/errors.js";
import { RETAIL_ACCOUNT_KEY } from "./keys/retail-account.js";
import { SME_INVOICE_KEY } from "./keys/sme-invoice.js";
import { PINS } from "./pins.js";
import type { VerificationKey } from "./types.js";
import { verificationKeyFromHex } from "./vk.js";

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

const KEYS: Readonly<Record<ProgramId, VerificationKey>> = {
  "sme-invoice/1": verificationKeyFromHex(SME_INVOICE_KEY),
  "retail-account/1": verificationKeyFromHex(RETAIL_ACCOUNT_KEY),
};

export const PROGRAM_IDS: readonly ProgramId[] = ["sme-invoice/1", "retail-account/1"];

/** @throws unsupported when no circuit is known for the program */
export function programId(program: string): ProgramId {
  const known = PROGRAM_IDS.find((id) => id === program);
  if (known === undefined) throw new VeriteeError("unsupported", "no circuit for this program", { program });
  return known;
}

export const artefactsOf = (program: ProgramId): ArtefactManifest => PINS[program];

export const verificationKeyOf = (program: ProgramId): VerificationKey => KEYS[program];
