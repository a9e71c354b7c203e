import { existsSync } from "node:fs";
import { join } from "node:path";
import { azureAppraiser } from "../src/attestation/azure/appraise.js";
import { appraiseCsv } from "../src/attestation/csv/appraise.js";
import { createDcapAppraiser } from "../src/attestation/dcap/appraise.js";
import { appraiseNitro } from "../src/attestation/nitro/appraise.js";
import { createSnpAppraiser } from "../src/attestation/snp/appraise.js";
import type { Appraiser } from "../src/attestation/verdict.js";
import { forgetSignatures } from "../src/attestation/x509/remembered.js";
import { readCase } from "../src/cli/case-folder.js";
import { PACKAGE_ROOT } from "../src/cli/paths.js";
import { figure, type Figures } from "./figures.js";

const RUNS = 7;
const WARM_BATCH = 5;

/** Real recorded evidence, one accepted case a platform, and an appraiser that remembers nothing yet. */
const CASES: Readonly<Record<string, { readonly folder: string; readonly fresh: () => Appraiser }>> = {
  sgx: { folder: "sgx/phala-v3-ok", fresh: createDcapAppraiser },
  tdx: { folder: "tdx/phala-v4-ok", fresh: createDcapAppraiser },
  snp: { folder: "snp/trustee-milan-vcek-ok", fresh: createSnpAppraiser },
  nitro: { folder: "nitro/dstack-nsm-ok", fresh: () => appraiseNitro },
  "az-snp-vtpm": { folder: "az-snp-vtpm/trustee-v1-ok", fresh: () => azureAppraiser("az-snp-vtpm", createSnpAppraiser()) },
  "az-tdx-vtpm": { folder: "az-tdx-vtpm/flashbots-2025-full", fresh: () => azureAppraiser("az-tdx-vtpm", createDcapAppraiser()) },
  csv: { folder: "csv/csv-rs-full-ok", fresh: () => appraiseCsv },
};

/**
 * Appraisals per second on one thread. Cold: signatures and collateral judged from nothing, as a first visit. Warm: what
 * rests on collateral alone is remembered.
 */
export async function benchAppraisal(): Promise<Figures> {
  const figures: Figures = {};
  for (const [platform, { folder, fresh }] of Object.entries(CASES)) {
    const path = join(PACKAGE_ROOT, "test", "vectors", "evidence", folder);
    if (!existsSync(path)) continue;
    const found = await readCase(path);
    const at = found.verifyAt ?? Math.floor(Date.now() / 1000);
    const input = { evidence: found.evidence.evidence, collateral: found.evidence.collateral, anchors: found.anchors, at, judgeTcb: found.judgeTcb };
    const once = async (appraiser: Appraiser): Promise<number> => {
      const start = performance.now();
      await appraiser(input);
      return performance.now() - start;
    };
    let appraiser = fresh();
    await once(appraiser);
    const cold: number[] = [];
    const warm: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      forgetSignatures();
      appraiser = fresh();
      cold.push(1000 / (await once(appraiser)));
      let total = 0;
      for (let k = 0; k < WARM_BATCH; k++) total += await once(appraiser);
      warm.push((1000 * WARM_BATCH) / total);
    }
    figures[`rate.appraise.${platform}.cold`] = figure(cold, "1/s");
    figures[`rate.appraise.${platform}.warm`] = figure(warm, "1/s");
  }
  return figures;
}
