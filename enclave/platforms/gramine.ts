// SGX under Gramine: quotes through pseudo-files of the library OS (Gramine documentation, "Attestation and secret provisioning").
import type { Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import { collected, ensureReportData } from "./collected.js";
import type { Collector } from "./collector.js";
import type { Files, Pause } from "./ports.js";
import { again, isPassing, translated } from "./system-errors.js";

export const GRAMINE_TYPE = "/dev/attestation/attestation_type";
const MAX_SGX_QUOTE_BYTES = 8 * 1024;

export class GramineCollector implements Collector {
  readonly simulated = false;
  readonly #files: Files;
  readonly #pause: Pause;
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: Files, pause: Pause) {
    this.#files = files;
    this.#pause = pause;
  }

  /**
   * The pseudo-files are one pair for the whole process, so callers take turns.
   * @throws unsupported (not DCAP, or not under Gramine), service_unavailable, evidence_malformed
   */
  collect(reportData: Bytes): Promise<Evidence> {
    const turn = this.#last.then(() => this.#collect(reportData));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #collect(reportData: Bytes): Promise<Evidence> {
    ensureReportData(reportData);
    try {
      return await again(() => this.#attempt(reportData), isPassing, this.#pause);
    } catch (error) {
      throw translated(error, "gramine");
    }
  }

  async #attempt(reportData: Bytes): Promise<Evidence> {
    const type = Buffer.from(await this.#files.read(GRAMINE_TYPE, 64)).toString("latin1").trim();
    ensure(type === "dcap", "unsupported", "the enclave is not set up for DCAP attestation", { attestationType: type });
    await this.#files.write("/dev/attestation/user_report_data", reportData);
    const quote = await this.#files.read("/dev/attestation/quote", MAX_SGX_QUOTE_BYTES);
    return collected({ platform: "sgx", evidence: quote, binding: reportData });
  }
}
