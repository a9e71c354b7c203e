// dstack's guest agent: one socket in front of TDX, SEV-SNP and Nitro.
import { fromHex, toHex, type Bytes } from "../../src/protocol/bytes.js";
import { ensure, VeriteeError } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import { collected, ensureReportData, jsonObject, MAX_QUOTE_BYTES, textOf } from "./collected.js";
import type { Collector } from "./collector.js";
import type { Http, Pause } from "./ports.js";
import { again, isPassing, translated } from "./system-errors.js";

export const DSTACK_SOCKET = "/var/run/dstack.sock";
/** The answer carries an event log besides the quote. */
const MAX_ANSWER_BYTES = 2 << 20;

export class DstackCollector implements Collector {
  readonly simulated = false;
  readonly #http: Http;
  readonly #pause: Pause;
  readonly #socket: string;

  constructor(http: Http, pause: Pause, socket = DSTACK_SOCKET) {
    this.#http = http;
    this.#pause = pause;
    this.#socket = socket;
  }

  /** @throws unsupported (no agent), service_unavailable (it refuses), evidence_malformed */
  async collect(reportData: Bytes): Promise<Evidence> {
    ensureReportData(reportData);
    try {
      const quote = await again(() => this.#quote(reportData), isPassing, this.#pause);
      return collected({ platform: kindOf(quote), evidence: quote, binding: reportData });
    } catch (error) {
      throw translated(error, "dstack");
    }
  }

  async #quote(reportData: Bytes): Promise<Bytes> {
    const { status, body } = await this.#http.send({
      socket: this.#socket, host: "dstack", method: "POST", path: "/GetQuote", headers: { "content-type": "application/json" },
      body: JSON.stringify({ report_data: toHex(reportData) }),
    }, MAX_ANSWER_BYTES);
    ensure(status === 200, "service_unavailable", "the dstack agent gives no quote", { status });
    const hex = textOf(jsonObject(body, "dstack"), "quote");
    ensure(hex.length <= 2 * MAX_QUOTE_BYTES + 2 && /^(0x)?([0-9a-fA-F]{2})+$/.test(hex), "evidence_malformed", "the dstack agent's quote is not hex, or too long");
    return fromHex(hex);
  }
}

/** The agent does not say what it answers with; the formats cannot be taken for one another. */
function kindOf(quote: Bytes): string {
  const at = (offset: number): number => quote[offset] ?? -1;
  if (quote.length === 1184 && at(0) >= 2 && at(0) <= 5 && at(1) === 0) return "snp";
  if ((at(0) === 4 || at(0) === 5) && at(1) === 0 && at(4) === 0x81) return "tdx";
  // COSE_Sign1: an array of four, with or without its tag 18.
  if (at(0) === 0x84 || (at(0) === 0xd2 && at(1) === 0x84)) return "nitro";
  throw new VeriteeError("evidence_malformed", "the dstack agent's quote has no known format", { bytes: quote.length });
}
