import { z } from "zod";
import { fromBase64, fromHex, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { parsePem } from "../x509/pem.js";
import { PCR_COUNT } from "./tpm-quote.js";
import { tryParse } from "../../protocol/schema.js";

/** The parts of Azure vTPM evidence, whichever encoding they came in. */
export interface AzureEvidence {
  readonly hclReport: Bytes;
  readonly message: Bytes;
  /** RSASSA, as long as the key. */
  readonly signature: Bytes;
  /** PCR 0 to 23 of the SHA-256 bank, 32 bytes each. */
  readonly pcrs: readonly Bytes[];
  /** DER of the VCEK, where the cloud handed it out with the report (SNP). */
  readonly vcek?: Bytes | undefined;
  /** TDX only. */
  readonly tdQuote?: Bytes | undefined;
  /** DER, the attestation key's certificate first, then its issuers. */
  readonly akCertificates: readonly Bytes[];
}

const MAX_EVIDENCE_BYTES = 64 * 1024;
const MAX_BLOB_BYTES = 16 * 1024;
const MAX_CERTIFICATES = 7;

/** A string by a decoder that throws; no decoder's reasons are worth more than that it failed. */
const decoded = (limit: number, decode: (text: string) => Bytes) => z.string().max(limit * 2).transform((text, context) => {
  try {
    return decode(text);
  } catch {
    context.addIssue({ code: "custom", message: "does not decode" });
    return z.NEVER;
  }
});

const byteArray = (limit: number) => z.array(z.int().min(0).max(255)).max(limit).transform((list): Bytes => Uint8Array.from(list));
const hex = (limit: number) => decoded(limit, (text) => {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error("not lower-case hex");
  return fromHex(text);
});
const base64url = (limit: number) => decoded(limit, (text) => {
  if (/[+/]/.test(text)) throw new Error("not base64url");
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
});
const onePem = decoded(MAX_BLOB_BYTES, (text) => {
  const [der, ...others] = parsePem(text);
  if (der === undefined || others.length > 0) throw new Error("not one certificate");
  return der;
});

type Codec = (limit: number) => z.ZodType<Bytes>;
const quote = (codec: Codec) => z.strictObject({ message: codec(1024), signature: codec(512), pcrs: z.array(codec(32)).length(PCR_COUNT) });
const certificates = z.array(base64url(MAX_BLOB_BYTES)).max(MAX_CERTIFICATES).optional();

const FORMATS = {
  "az-snp-vtpm": [
    z.strictObject({ report: byteArray(MAX_BLOB_BYTES), quote: quote(byteArray), vcek: onePem })
      .transform(({ report, quote: tpm, vcek }): AzureEvidence => ({ hclReport: report, ...tpm, vcek, akCertificates: [] })),
    z.strictObject({
      version: z.literal(1), hcl_report: base64url(MAX_BLOB_BYTES), tpm_quote: quote(hex), vcek: base64url(MAX_BLOB_BYTES).optional(), ak_certificates: certificates,
    }).transform(({ hcl_report, tpm_quote, vcek, ak_certificates = [] }): AzureEvidence => ({ hclReport: hcl_report, ...tpm_quote, vcek, akCertificates: ak_certificates })),
  ],
  "az-tdx-vtpm": [
    z.strictObject({ hcl_report: byteArray(MAX_BLOB_BYTES), tpm_quote: quote(byteArray), td_quote: byteArray(MAX_BLOB_BYTES) })
      .transform(({ hcl_report, tpm_quote, td_quote }): AzureEvidence => ({ hclReport: hcl_report, ...tpm_quote, tdQuote: td_quote, akCertificates: [] })),
    z.strictObject({
      version: z.literal(1), hcl_report: base64url(MAX_BLOB_BYTES), tpm_quote: quote(hex), td_quote: base64url(MAX_BLOB_BYTES), ak_certificates: certificates,
    }).transform(({ hcl_report, tpm_quote, td_quote, ak_certificates = [] }): AzureEvidence => ({ hclReport: hcl_report, ...tpm_quote, tdQuote: td_quote, akCertificates: ak_certificates })),
  ],
} as const;
export type AzurePlatform = keyof typeof FORMATS;

/** Parses format 0 (no `version`) or format 1; appraise.ts shows both. @throws evidence_malformed */
export function parseAzureEvidence(platform: AzurePlatform, bytes: Bytes): AzureEvidence {
  ensure(bytes.length <= MAX_EVIDENCE_BYTES, "evidence_malformed", "evidence too large", { bytes: bytes.length, limit: MAX_EVIDENCE_BYTES });
  const json = readObject(bytes);
  const [format0, format1] = FORMATS[platform];
  const result = tryParse("version" in json ? format1 : format0, json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new VeriteeError("evidence_malformed", "the evidence is not of the expected form", { field: issue?.path.join(".") ?? "", problem: issue?.message ?? "" });
  }
  const wrong = result.data.pcrs.findIndex((pcr) => pcr.length !== 32);
  ensure(wrong === -1, "evidence_malformed", "a PCR is not 32 bytes", { pcr: wrong });
  return result.data;
}

function readObject(bytes: Bytes): object {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    if (typeof json === "object" && json !== null) return json;
  } catch {
    // falls through to the one error below
  }
  throw new VeriteeError("evidence_malformed", "the evidence is no JSON object");
}
