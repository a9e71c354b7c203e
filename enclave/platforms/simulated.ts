import { evidenceFromJson, quoteRequest, type EnclaveMessage, type HostMessage } from "../../src/attestation/quote-channel.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";
import type { Collector } from "./collector.js";

/** How long the simulator may take for one quote. */
const QUOTE_TIMEOUT_MS = 30_000;

interface Waiting {
  readonly resolve: (evidence: Evidence) => void;
  readonly reject: (error: VeriteeError) => void;
}

/** Evidence from the simulator that launched this process; it plays the device that quotes come from on hardware. */
export class SimulatedCollector implements Collector {
  readonly simulated = true;
  readonly #send: (message: EnclaveMessage) => void;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(send: (message: EnclaveMessage) => void, timeoutMs = QUOTE_TIMEOUT_MS) {
    this.#send = send;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws evidence_malformed when the simulator refuses, does not answer or answers with something else */
  collect(reportData: Bytes): Promise<Evidence> {
    const id = this.#nextId++;
    return new Promise<Evidence>((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(noQuote("the simulator does not answer")), this.#timeoutMs);
      this.#waiting.set(id, {
        resolve: (evidence) => (clearTimeout(timer), resolve(evidence)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      });
      this.#send(quoteRequest(id, reportData));
    });
  }

  /** Takes the simulator's answers; other messages are not for us. */
  receive(message: HostMessage): void {
    if (message.type === "quote-error") this.#settle(message.id)?.reject(noQuote("the simulator refuses to quote"));
    if (message.type !== "quote-reply") return;
    const waiting = this.#settle(message.id);
    try {
      waiting?.resolve(evidenceFromJson(message.evidence));
    } catch {
      waiting?.reject(noQuote("the simulator's answer is not evidence"));
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

const noQuote = (why: string): VeriteeError => new VeriteeError("evidence_malformed", why);
