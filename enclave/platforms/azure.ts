// Azure confidential VMs: the paravisor's vTPM quotes, and what vouches for the vTPM is the HCL report in it.
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import { collected, ensureReportData, jsonObject, MAX_QUOTE_BYTES, textOf } from "./collected.js";
import type { Collector } from "./collector.js";
import { readHcl } from "./hcl.js";
import type { Http, HttpRequest, Pause, Tpm2 } from "./ports.js";
import { again, isPassing, translated } from "./system-errors.js";

/** The cloud's own mark in the VM's firmware tables. */
export const AZURE_TAG = { path: "/sys/class/dmi/id/chassis_asset_tag", value: "7783-7084-3265-9085-8269-3286-77" };
export const TPM_DEVICE = "/dev/tpmrm0";
const IMDS = "169.254.169.254";
const HCL_INDEX = "0x01400001";
const ATTESTATION_KEY = "0x81000003";
const PCRS = 24;
const PCR_BYTES = 32;
const MAX_ANSWER_BYTES = 64 * 1024;

export interface AzureOptions { readonly tpm2: Tpm2; readonly http: Http; readonly pause: Pause }

/** Emits evidence in format 1: TPM parts in hex, the rest in base64url with padding. */
export class AzureVtpmCollector implements Collector {
  readonly simulated = false;
  readonly #options: AzureOptions;

  constructor(options: AzureOptions) {
    this.#options = options;
  }

  /**
   * Qualifying data of a TPM quote is shorter than report data: the quote carries SHA-256 of it (docs/protocol.md 9).
   * @throws unsupported, service_unavailable (a tool or the metadata service fails), evidence_malformed
   */
  async collect(reportData: Bytes): Promise<Evidence> {
    ensureReportData(reportData);
    const qualifyingData = sha256(reportData);
    try {
      const hcl = await this.#hclReport();
      const { kind, tdReport } = readHcl(hcl);
      const endorsement = kind === "snp" ? { vcek: padded(await this.#vcek()) } : { td_quote: padded(await this.#tdQuote(tdReport)) };
      const { message, quote } = await this.#quote(qualifyingData);
      collected({ platform: `az-${kind}-vtpm`, evidence: message, binding: qualifyingData });
      const evidence = utf8(JSON.stringify({ version: 1, hcl_report: padded(hcl), tpm_quote: quote, ...endorsement }));
      return { platform: `az-${kind}-vtpm`, evidence, collateral: new Uint8Array() };
    } catch (error) {
      throw translated(error, "azure-vtpm");
    }
  }

  async #hclReport(): Promise<Bytes> {
    const [hcl = new Uint8Array()] = await this.#options.tpm2.run("tpm2_nvread", ["-C", "o", HCL_INDEX, "-o", "@hcl"], ["hcl"]);
    ensure(hcl.length <= 4096, "evidence_malformed", "the HCL report is longer than any", { bytes: hcl.length });
    return hcl;
  }

  async #quote(qualifyingData: Bytes): Promise<{ message: Bytes; quote: unknown }> {
    const selection = `sha256:${Array.from({ length: PCRS }, (_, i) => i).join(",")}`;
    const [message = new Uint8Array(), signature = new Uint8Array(), values = new Uint8Array()] = await this.#options.tpm2.run(
      "tpm2_quote",
      ["-c", ATTESTATION_KEY, "-l", selection, "-g", "sha256", "-q", toHex(qualifyingData), "-m", "@message", "-s", "@signature", "-f", "plain", "-o", "@pcrs", "-F", "values"],
      ["message", "signature", "pcrs"],
    );
    ensure(values.length === PCRS * PCR_BYTES, "evidence_malformed", "the TPM gave another number of PCRs", { bytes: values.length });
    ensure(signature.length === 256, "evidence_malformed", "the TPM's signature has another length", { bytes: signature.length });
    const pcrs = Array.from({ length: PCRS }, (_, i) => toHex(values.subarray(i * PCR_BYTES, (i + 1) * PCR_BYTES)));
    return { message, quote: { message: toHex(message), signature: toHex(signature), pcrs } };
  }

  /** The chip's endorsement certificate, from the cloud's cache: signed by AMD, whoever hands it over. */
  async #vcek(): Promise<Bytes> {
    const answer = await this.#ask({ host: IMDS, method: "GET", path: "/metadata/THIM/amd/certification", headers: { metadata: "true" } });
    const pem = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(textOf(answer, "vcekCert"));
    ensure(pem !== null, "evidence_malformed", "the metadata service's certificate is not PEM");
    return Uint8Array.from(Buffer.from(pem[1] as string, "base64"));
  }

  async #tdQuote(tdReport: Bytes): Promise<Bytes> {
    const answer = await this.#ask({
      host: IMDS, method: "POST", path: "/acc/tdquote", headers: { "content-type": "application/json" },
      body: JSON.stringify({ report: Buffer.from(tdReport).toString("base64url") }),
    });
    const quote = Uint8Array.from(Buffer.from(textOf(answer, "quote"), "base64url"));
    ensure(quote.length > 0 && quote.length <= MAX_QUOTE_BYTES, "evidence_malformed", "the quote service's answer is no quote", { bytes: quote.length });
    return quote;
  }

  async #ask(request: HttpRequest): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await again(() => this.#options.http.send(request, MAX_ANSWER_BYTES), isPassing, this.#options.pause);
    ensure(status === 200, "service_unavailable", "the metadata service refuses", { path: request.path, status });
    return jsonObject(body, "metadata service");
  }
}

const padded = (bytes: Bytes): string => Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
