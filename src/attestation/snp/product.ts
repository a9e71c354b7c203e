import { VeriteeError } from "../../protocol/errors.js";
import type { Cpuid } from "./report.js";

/** Product families as AMD's key service names them: Bergamo and Siena are served as Genoa. */
export const SNP_PRODUCTS = ["milan", "genoa", "turin"] as const;
export type SnpProduct = (typeof SNP_PRODUCTS)[number];

export const isSnpProduct = (name: string): name is SnpProduct => (SNP_PRODUCTS as readonly string[]).includes(name);

/** Combined family, first and last combined model (AMD APM 3, CPUID Fn0000_0001). */
const MODELS: readonly (readonly [family: number, first: number, last: number, product: SnpProduct])[] = [
  [0x19, 0x00, 0x0f, "milan"], [0x19, 0x10, 0x1f, "genoa"], [0x19, 0xa0, 0xaf, "genoa"], [0x1a, 0x00, 0x11, "turin"],
];

/** @throws evidence_product for a processor that this appraiser does not know: its TCB layout may be another */
export function productOfCpuid({ family, model }: Cpuid): SnpProduct {
  const found = MODELS.find(([f, first, last]) => f === family && first <= model && model <= last);
  if (found === undefined) throw new VeriteeError("evidence_product", "unknown processor", { family, model });
  return found[3];
}

/** Of a VEK's productName extension: `Milan-B0`, for a VLEK `Milan`. @throws evidence_product */
export function productOfName(name: string): SnpProduct {
  const family = (name.split("-", 1)[0] as string).toLowerCase();
  if (isSnpProduct(family)) return family;
  if (family === "bergamo" || family === "siena") return "genoa";
  throw new VeriteeError("evidence_product", "unknown product name in the endorsement key's certificate", { name });
}
