// Google's Confidential Space: the launcher exchanges the VM's evidence for a token that the cloud signs.
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import { collected, ensureReportData, MAX_QUOTE_BYTES } from "./collected.js";
import type { Collector } from "./collector.js";
import type { Http, Pause } from "./ports.js";
import { again, isPassing, translated } from "./system-errors.js";

export const LAUNCHER_SOCKET = "/run/container_launcher/teeserver.sock";
const AUDIENCE = "veritee";

export class ConfidentialSpaceCollector implements Collector {
  readonly simulated = false;
  readonly #http: Http;
  readonly #pause: Pause;
  readonly #socket: string;

  constructor(http: Http, pause: Pause, socket = LAUNCHER_SOCKET) {
    this.#http = http;
    this.#pause = pause;
    this.#socket = socket;
  }

  /**
   * A token's nonces are 10 to 74 bytes of text: it carries the hex of SHA-256 of the report data.
   * @throws unsupported (no launcher), service_unavailable (it refuses), evidence_malformed
   */
  async collect(reportData: Bytes): Promise<Evidence> {
    ensureReportData(reportData);
    const nonce = toHex(sha256(reportData));
    try {
      const token = await again(() => this.#token(nonce), isPassing, this.#pause);
      const [, payload = ""] = token.split(".");
      collected({ platform: "confidential-space", evidence: Buffer.from(payload, "base64url"), binding: utf8(nonce) });
      return { platform: "confidential-space", evidence: utf8(token), collateral: new Uint8Array() };
    } catch (error) {
      throw translated(error, "confidential-space");
    }
  }

  async #token(nonce: string): Promise<string> {
    const { status, body } = await this.#http.send({
      socket: this.#socket, host: "localhost", method: "POST", path: "/v1/token", headers: { "content-type": "application/json" },
      body: JSON.stringify({ audience: AUDIENCE, token_type: "OIDC", nonces: [nonce] }),
    }, MAX_QUOTE_BYTES);
    ensure(status === 200, "service_unavailable", "the launcher gives no token", { status });
    const token = Buffer.from(body).toString("latin1").trim();
    ensure(/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token), "evidence_malformed", "the launcher's answer is no token");
    return token;
  }
}
