import type { EnclaveMessage } from "../../attestation/quote-channel.js";
import type { SpanSink } from "../../telemetry/span.js";

const PHASES = ["fetch", "keys", "compute", "prove", "seal"] as const;
type Message = Exclude<EnclaveMessage, { type: "quote" }>;

/**
 * Turns what a worker says of a finished job into spans, one a phase. The enclave tells how long each took, in milliseconds;
 * when is its host's word. @param now milliseconds
 */
export function workerSpans(sink: SpanSink, now: () => number): (message: Message) => void {
  return (message) => {
    if (message.type !== "log" || message.message !== "job finished") return;
    const { job } = message.facts;
    if (typeof job !== "string" || !/^[0-9a-f]{64}$/.test(job)) return;
    const spent = PHASES.map((phase) => ({ phase, ms: Number(message.facts[phase] ?? 0) })).filter(({ ms }) => ms > 0);
    let start = now() - spent.reduce((sum, { ms }) => sum + ms, 0);
    for (const { phase, ms } of spent) {
      sink.record({ name: `worker.${phase}`, job, start, end: start + ms });
      start += ms;
    }
  };
}
