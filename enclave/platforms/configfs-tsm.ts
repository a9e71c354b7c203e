// Linux configfs-tsm (kernel documentation: ABI/testing/configfs-tsm): TDX and SEV-SNP guests, Linux 6.7 and later.
import { utf8, type Bytes } from "../../src/protocol/bytes.js";
import { ensure, VeriteeError } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import { collected, ensureReportData, MAX_QUOTE_BYTES } from "./collected.js";
import type { Collector } from "./collector.js";
import type { Files, Pause } from "./ports.js";
import { snpCollateral } from "./snp-certificates.js";
import { again, isPassing, systemCode, translated } from "./system-errors.js";

export const TSM_REPORTS = "/sys/kernel/config/tsm/report";
const SNP_REPORT_BYTES = 1184;
const MAX_AUX_BYTES = 64 * 1024;
const PLATFORM = "configfs-tsm";

export interface ConfigfsTsmOptions {
  readonly files: Files;
  readonly pause: Pause;
  /** A name that no other report folder has. */
  readonly newName: () => string;
  /** SNP's VMPL, where something more privileged (an SVSM) runs below us; the kernel's default otherwise. */
  readonly privilegeLevel?: number;
}

interface RawReport { readonly provider: string; readonly report: Bytes; readonly aux: Bytes }

export class ConfigfsTsmCollector implements Collector {
  readonly simulated = false;
  readonly #options: ConfigfsTsmOptions;

  constructor(options: ConfigfsTsmOptions) {
    this.#options = options;
  }

  /**
   * @throws unsupported (no such kernel interface or provider), conflict (others keep writing into our report folder),
   * service_unavailable (busy), evidence_malformed
   */
  async collect(reportData: Bytes): Promise<Evidence> {
    ensureReportData(reportData);
    try {
      // A report folder that was disturbed is not used again: every attempt makes its own.
      return asEvidence(await again(() => this.#attempt(reportData), mayPass, this.#options.pause), reportData);
    } catch (error) {
      throw translated(error, PLATFORM);
    }
  }

  async #attempt(reportData: Bytes): Promise<RawReport> {
    const { files, newName } = this.#options;
    const folder = `${TSM_REPORTS}/${newName()}`;
    await files.makeFolder(folder);
    try {
      return await this.#readReport(folder, reportData);
    } finally {
      await this.#remove(folder);
    }
  }

  /**
   * `generation` counts writes. The kernel takes `inblob` when the file is closed and cannot report a failure then, so the
   * count also shows a write that was lost.
   */
  async #readReport(folder: string, reportData: Bytes): Promise<RawReport> {
    const { files, privilegeLevel } = this.#options;
    const before = await this.#generation(folder);
    await files.write(`${folder}/inblob`, reportData);
    if (privilegeLevel !== undefined) await files.write(`${folder}/privlevel`, utf8(String(privilegeLevel)));
    const report = await files.read(`${folder}/outblob`, MAX_QUOTE_BYTES);
    const aux = await this.#auxiliary(folder);
    const provider = await this.#text(`${folder}/provider`);
    const writes = (await this.#generation(folder)) - before;
    const ours = privilegeLevel === undefined ? 1 : 2;
    ensure(writes === ours, "conflict", "a report folder was written by others, or a write was lost", { writes, ours });
    return { provider, report, aux };
  }

  async #generation(folder: string): Promise<number> {
    const text = await this.#text(`${folder}/generation`);
    ensure(/^\d{1,15}$/.test(text), "evidence_malformed", "the report's generation is not a number");
    return Number(text);
  }

  async #text(path: string): Promise<string> {
    return Buffer.from(await this.#options.files.read(path, 4096)).toString("latin1").trim();
  }

  /** Certificates from the host: absent on TDX, and where the host supplies none. */
  async #auxiliary(folder: string): Promise<Bytes> {
    try {
      return await this.#options.files.read(`${folder}/auxblob`, MAX_AUX_BYTES);
    } catch (error) {
      if (["ENXIO", "ENOENT"].includes(systemCode(error) ?? "")) return new Uint8Array();
      throw error;
    }
  }

  /** A folder that stays behind costs kernel memory, no evidence: what was read is not thrown away for it. */
  async #remove(folder: string): Promise<void> {
    const { files, pause } = this.#options;
    await again(() => files.removeFolder(folder), isPassing, pause).catch(() => undefined);
  }
}

const mayPass = (error: unknown): boolean =>
  isPassing(error) || systemCode(error) === "EEXIST" || (error instanceof VeriteeError && error.code === "conflict");

function asEvidence({ provider, report, aux }: RawReport, binding: Bytes): Evidence {
  switch (provider) {
    case "tdx_guest":
      // Collateral is the relying side's to fetch: an attester's would prove nothing.
      return collected({ platform: "tdx", evidence: report, binding });
    case "sev_guest":
      ensure(report.length === SNP_REPORT_BYTES, "evidence_malformed", "an SNP report has another length", { bytes: report.length, expected: SNP_REPORT_BYTES });
      return collected({ platform: "snp", evidence: report, collateral: snpCollateral(aux), binding });
    default:
      throw new VeriteeError("unsupported", "the kernel's report provider is not one that is known", { provider: provider.slice(0, 40) });
  }
}
