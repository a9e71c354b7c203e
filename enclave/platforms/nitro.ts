// AWS Nitro enclaves: a COSE document of the security module, with the report data as user_data.
import type { Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import { collected, ensureReportData, MAX_QUOTE_BYTES } from "./collected.js";
import type { Collector } from "./collector.js";
import { attestationDocument, attestationRequest } from "./nsm-messages.js";
import type { NsmDevice, Pause } from "./ports.js";
import { again, isPassing, translated } from "./system-errors.js";

export const NSM_DEVICE = "/dev/nsm";

export class NitroCollector implements Collector {
  readonly simulated = false;
  readonly #device: NsmDevice;
  readonly #pause: Pause;

  constructor(device: NsmDevice, pause: Pause) {
    this.#device = device;
    this.#pause = pause;
  }

  /** @throws unsupported (no module), service_unavailable (it refuses), evidence_malformed */
  async collect(reportData: Bytes): Promise<Evidence> {
    ensureReportData(reportData);
    try {
      const response = await again(() => this.#device.request(attestationRequest(reportData)), isPassing, this.#pause);
      ensure(response.length <= MAX_QUOTE_BYTES, "evidence_malformed", "the security module's answer is longer than any document", { bytes: response.length });
      return collected({ platform: "nitro", evidence: attestationDocument(response), binding: reportData });
    } catch (error) {
      throw translated(error, "nitro");
    }
  }
}
