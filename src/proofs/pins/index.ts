import type { CircuitName, CircuitPin } from "../manifest.js";
import { DATASET_RETAIL_ACCOUNT } from "./dataset-retail-account.js";
import { DATASET_SME_INVOICE } from "./dataset-sme-invoice.js";
import { DISCLOSE } from "./disclose.js";
import { INGEST_RETAIL_ACCOUNT } from "./ingest-retail-account.js";
import { INGEST_SME_INVOICE } from "./ingest-sme-invoice.js";
import { SCORE_RETAIL_ACCOUNT } from "./score-retail-account.js";
import { SCORE_SME_INVOICE } from "./score-sme-invoice.js";

/** The circuits that this build has; a new one is pinned with `node scripts/circuits.mjs --write-pins <circuit>` and a line here. */
export const PINS: Readonly<Partial<Record<CircuitName, CircuitPin>>> = {
  "score-sme-invoice": SCORE_SME_INVOICE,
  "score-retail-account": SCORE_RETAIL_ACCOUNT,
  "ingest-sme-invoice": INGEST_SME_INVOICE,
  "ingest-retail-account": INGEST_RETAIL_ACCOUNT,
  "dataset-sme-invoice": DATASET_SME_INVOICE,
  "dataset-retail-account": DATASET_RETAIL_ACCOUNT,
  "disclose": DISCLOSE,
};
