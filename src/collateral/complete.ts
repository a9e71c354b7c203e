import type { Evidence } from "../protocol/objects/parts.js";
import { requestOfEvidence } from "./of-evidence.js";
import type { CollateralSource } from "./source.js";

/** Platforms whose evidence says what collateral it needs, and for which a service has it. */
const SERVED: readonly string[] = ["sgx", "tdx", "snp"];

/**
 * The relying side's half of evidence: what came without collateral gets it from the source. What came with some is left
 * alone, as it is judged all the same; other platforms carry everything themselves.
 * @throws collateral_*, evidence_malformed
 */
export const completeWith = (source: CollateralSource) => async (evidence: Evidence): Promise<Evidence> => {
  if (evidence.collateral.length > 0 || !SERVED.includes(evidence.platform)) return evidence;
  const { content } = await source.get(requestOfEvidence(evidence.platform, evidence.evidence));
  return { ...evidence, collateral: content };
};
