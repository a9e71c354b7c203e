import { VeriteeError } from "../protocol/errors.js";
import { RETAIL_ACCOUNT_KEY } from "./keys/retail-account.js";
import { SME_INVOICE_KEY } from "./keys/sme-invoice.js";
import type { ArtefactManifest, ProgramId } from "./manifest.js";
import { PINS } from "./pins.js";
import type { VerificationKey } from "./types.js";
import { verificationKeyFromHex } from "./vk.js";

export type { ArtefactManifest, ProgramId } from "./manifest.js";

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
