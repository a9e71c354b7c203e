import { appraiseAzureSnp, appraiseAzureTdx } from "./azure/appraise.js";
import { appraiseCsv } from "./csv/appraise.js";
import { appraiseSgx, appraiseTdx } from "./dcap/appraise.js";
import { appraiseNitro } from "./nitro/appraise.js";
import { appraiseSnp } from "./snp/appraise.js";
import { TEE_PLATFORMS, type Appraiser, type TeePlatform } from "./verdict.js";

/** One entry a platform; a new one is a folder and a line here. */
export const APPRAISERS: Readonly<Partial<Record<TeePlatform, Appraiser>>> = {
  sgx: appraiseSgx, tdx: appraiseTdx, snp: appraiseSnp, nitro: appraiseNitro, "az-snp-vtpm": appraiseAzureSnp, "az-tdx-vtpm": appraiseAzureTdx, csv: appraiseCsv,
};

export const isTeePlatform = (name: string): name is TeePlatform => (TEE_PLATFORMS as readonly string[]).includes(name);
