import { concat, equalBytes, toBase64, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import { appraiseTdx } from "../dcap/appraise.js";
import { appraiseSnp } from "../snp/appraise.js";
import type { Appraiser, AppraiserInput, Genuine } from "../verdict.js";
import { verifySignature } from "../x509/signature.js";
import { judgeAkCertificate, type AkStanding } from "./ak-certificate.js";
import { parseAzureEvidence, type AzureEvidence, type AzurePlatform } from "./evidence.js";
import { parseHclReport, type HclReport } from "./hcl.js";
import { parseRuntimeData, type RuntimeData } from "./runtime-data.js";
import { parseTpmQuote, type TpmQuote } from "./tpm-quote.js";

const HARDWARE: Readonly<Record<AzurePlatform, HclReport["hardware"]>> = { "az-snp-vtpm": "snp", "az-tdx-vtpm": "tdx" };

/**
 * Azure confidential VM: the hardware vouches for the paravisor and the runtime data, these name the vTPM's attestation key,
 * which signs the PCRs and the caller's binding. Evidence, JSON in format 1 (what our collector writes):
 *
 *     {"version": 1, "hcl_report": base64url, "tpm_quote": {"message": hex, "signature": hex, "pcrs": [24 x hex]},
 *      "vcek"?: base64url DER (az-snp-vtpm), "td_quote": base64url (az-tdx-vtpm), "ak_certificates"?: [base64url DER, leaf first]}
 *
 * base64url is padded. Format 0 (no `version`) has arrays of byte values and a PEM VCEK: {report, quote, vcek} for SNP,
 * {hcl_report, tpm_quote, td_quote} for TDX.
 *
 * Collateral: that of the hardware (snp/appraise.ts, dcap). For SNP it may be empty: then the VCEK in the evidence serves,
 * which like any VCEK counts by AMD's signature alone.
 *
 * Order of checks, the first failure is thrown: format; hardware evidence by its own appraiser; hardware REPORT_DATA is
 * SHA-256 of the runtime data's exact bytes, then zeros; signature of the TPM quote; its kind and PCR selection; PCR values
 * hash to its digest; attestation key's certificate, where there is one.
 *
 * `reportData` is the quote's extraData; docs/protocol.md 9 says what a caller puts there. Secure boot, PCR values and a
 * certified attestation key are for the policy.
 *
 * @param hardware appraiser of the report or quote inside
 * @throws what `hardware` throws, evidence_malformed, evidence_binding, evidence_signature, evidence_pcr, certificate_*
 */
export function azureAppraiser(platform: AzurePlatform, hardware: Appraiser): Appraiser {
  return async (input) => {
    const evidence = parseAzureEvidence(platform, input.evidence);
    const hcl = parseHclReport(evidence.hclReport);
    ensure(hcl.hardware === HARDWARE[platform], "evidence_malformed", "the HCL report is of other hardware", { platform, found: hcl.hardware });
    const genuine = await hardware(hardwareInput(input, evidence, hcl));
    ensureBound(genuine.reportData, hcl.runtimeData);
    const runtime = parseRuntimeData(hcl.runtimeData);
    const { message, signature, pcrs, akCertificates } = evidence;
    const signed = await verifySignature(runtime.attestationKey, "rsa-pkcs1-sha256", message, signature);
    ensure(signed, "evidence_signature", "the TPM quote is not signed by the attestation key of the runtime data");
    const quote = parseTpmQuote(message);
    ensure(equalBytes(sha256(concat(...pcrs)), quote.pcrDigest), "evidence_pcr", "the PCR values are not those that the TPM quoted");
    const pinned = (genuine.anchor === "sim" ? input.anchors.sim : input.anchors.vendor)?.vtpm ?? [];
    const ak = await judgeAkCertificate(akCertificates, runtime.attestationKey, pinned, input.at);
    return claims(platform, genuine, { evidence, hcl, runtime, quote, ak });
  };
}

export const appraiseAzureSnp: Appraiser = azureAppraiser("az-snp-vtpm", appraiseSnp);
export const appraiseAzureTdx: Appraiser = azureAppraiser("az-tdx-vtpm", appraiseTdx);

function hardwareInput(input: AppraiserInput, { vcek, tdQuote }: AzureEvidence, { hardwareReport }: HclReport): AppraiserInput {
  const served = input.collateral.length === 0 && vcek !== undefined ? utf8(JSON.stringify({ vek: toBase64(vcek) })) : input.collateral;
  return { ...input, evidence: tdQuote ?? hardwareReport, collateral: served };
}

function ensureBound(reportData: Bytes, runtimeData: Bytes): void {
  const expected = new Uint8Array(64);
  expected.set(sha256(runtimeData));
  ensure(equalBytes(reportData, expected), "evidence_binding", "the hardware report is not bound to the runtime data",
    { reportData: toHex(reportData), expected: toHex(expected) });
}

interface Parts {
  readonly evidence: AzureEvidence;
  readonly hcl: HclReport;
  readonly runtime: RuntimeData;
  readonly quote: TpmQuote;
  readonly ak: AkStanding;
}

/** The anchor stays the hardware's: all trust in the vTPM comes through it, a certified attestation key only adds to it. */
function claims(platform: AzurePlatform, genuine: Genuine, { evidence, hcl, runtime, quote, ak }: Parts): Genuine {
  const ends = [genuine.validUntil, ak.validUntil].filter((t) => t !== undefined);
  return {
    ...genuine,
    platform,
    measurements: { ...genuine.measurements, ...Object.fromEntries(evidence.pcrs.map((pcr, i) => [`pcr${i}`, toHex(pcr)])) },
    reportData: quote.extraData,
    attributes: {
      ...genuine.attributes, ...runtime.configuration, runtimeUserData: runtime.userData, hclVersion: hcl.version, akCertificate: ak.standing,
      tpmFirmware: `0x${quote.firmwareVersion.toString(16)}`, tpmResetCount: quote.resetCount, tpmRestartCount: quote.restartCount,
    },
    validUntil: ends.length === 0 ? undefined : Math.min(...ends),
    evidenceDigest: sha256(concat(genuine.evidenceDigest, sha256(evidence.message), evidence.signature)),
  };
}
