import { readPckChain } from "../attestation/dcap/machine.js";
import { parseQuote } from "../attestation/dcap/parse.js";
import { readPckFacts } from "../attestation/dcap/pck.js";
import { isSnpProduct, productOfCpuid } from "../attestation/snp/product.js";
import { parseReport } from "../attestation/snp/report.js";
import { readTcb } from "../attestation/snp/tcb.js";
import { toBase64, toHex, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { parseRequest, type CollateralRequest } from "./request.js";

export interface EvidenceHints {
  /** Version 2 reports do not name their product. */
  readonly product?: string | undefined;
  /** DER of a VLEK certificate, where the report is signed by one. */
  readonly vlek?: Bytes | undefined;
}

/** What is needed to judge this evidence. Nothing of it is believed: it only selects. @throws evidence_*, input_invalid */
export function requestOfEvidence(platform: string, evidence: Bytes, hints: EvidenceHints = {}): CollateralRequest {
  if (platform === "snp") return ofReport(evidence, hints);
  ensure(platform === "sgx" || platform === "tdx", "unsupported", "no collateral service is known for the platform", { platform });
  const quote = parseQuote(evidence);
  ensure(quote.body.tee === platform, "evidence_malformed", "the quote is of another TEE", { found: quote.body.tee, expected: platform });
  const [pck] = readPckChain(quote.pckChain);
  const issuer = pck.issuerName.commonName ?? "";
  return parseRequest({ platform, fmspc: toHex(readPckFacts(pck).fmspc), ca: issuer.includes("Processor") ? "processor" : "platform" });
}

function ofReport(evidence: Bytes, { product: hint, vlek }: EvidenceHints): CollateralRequest {
  const report = parseReport(evidence);
  const product = report.cpuid === undefined ? hint : productOfCpuid(report.cpuid);
  if (product === undefined || !isSnpProduct(product)) throw new VeriteeError("input_invalid", "name the product: the report does not", { product: product ?? "" });
  ensure(report.signingKey === "vcek" || vlek !== undefined, "input_invalid", "the report is signed by a VLEK: give its certificate, which only the cloud provider hands out");
  const chipId = toHex(product === "turin" ? report.chipId.subarray(0, 8) : report.chipId);
  return parseRequest({
    platform: "snp", product, chipId, tcb: readTcb(report.tcb.reported, product),
    ...(report.signingKey === "vlek" && vlek !== undefined ? { vlek: toBase64(vlek) } : {}),
  });
}
