import { toHex } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";

/*
 * One published YAML layout of Azure TDX evidence, turned into the JSON that the appraiser reads (format 1). Not a YAML
 * reader: it knows block texts (`key: |-`) and lists of byte values, and refuses a file without what it looks for.
 */

/** @throws input_invalid naming the field */
export function azureYamlToJson(text: string): Readonly<Record<string, unknown>> {
  const lines = text.split(/\r?\n/);
  return {
    version: 1,
    hcl_report: blockText(lines, "hcl_report_base64"),
    td_quote: blockText(lines, "tdx_quote_base64"),
    ak_certificates: [attestationKeyCertificate(text)],
    tpm_quote: { message: byteList(text, "message"), signature: byteList(text, "signature"), pcrs: pcrs(text) },
  };
}

function blockText(lines: readonly string[], key: string): string {
  const at = lines.indexOf(`${key}: |-`);
  const value = at < 0 ? "" : (lines[at + 1] ?? "").trim();
  if (!/^[A-Za-z0-9_-]+=*$/.test(value)) throw missing(key);
  return value;
}

/** The layout fills the vTPM's whole index: a certificate and zeros behind it. Base64url of the certificate alone. */
function attestationKeyCertificate(text: string): string {
  const pem = /ak_certificate_pem: \|-\s+-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(text)?.[1];
  const filled = Buffer.from(pem ?? "", "base64");
  const [tag, form, high = 0, low = 0] = filled;
  if (tag !== 0x30 || form !== 0x82) throw missing("ak_certificate_pem");
  const der = filled.subarray(0, 4 + high * 256 + low);
  return der.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function byteList(text: string, key: string): string {
  const list = new RegExp(`\\n    ${key}: \\[([\\d,\\s]+)\\]`).exec(text)?.[1];
  if (list === undefined) throw missing(key);
  return hexOf(list, key);
}

function pcrs(text: string): readonly string[] {
  const rows = [...text.matchAll(/^ {6}- \[([\d,\s]+)\]/gm)].map(([, row]) => hexOf(row ?? "", "pcrs"));
  if (rows.length === 0) throw missing("pcrs");
  return rows;
}

function hexOf(list: string, key: string): string {
  const values = list.split(",").map((n) => n.trim()).filter((n) => n !== "").map(Number);
  if (values.some((v) => !Number.isInteger(v) || v > 255)) throw missing(key);
  return toHex(Uint8Array.from(values));
}

const missing = (field: string): VeriteeError => new VeriteeError("input_invalid", "the evidence file lacks a field, or has it in another form", { field });
