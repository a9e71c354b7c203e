import { ANCHORS } from "../../protocol/objects/parts.js";
import { TEE_PLATFORMS } from "../verdict.js";
import { parseAppraisalPolicy, type AppraisalPolicyFile } from "./schema.js";

const platform = { measurements: "any", instances: "any", statuses: ["UpToDate", "SWHardeningNeeded"], minimumSvn: { genoa: {}, turin: {} } } as const;

/**
 * What a key is never released to unless its owner has an appraisal policy of its own that says otherwise: a product whose
 * attestation keys can be extracted, a TCB that is not current, a guest above VMPL 0. Enclaves and anchors are the grant's.
 */
export const RELEASE_BASELINE: AppraisalPolicyFile = parseAppraisalPolicy({
  format: "veritee-appraisal-policy/1", name: "baseline of key release", anchors: [...ANCHORS],
  platforms: Object.fromEntries(TEE_PLATFORMS.map((name) => [name, platform])),
});
