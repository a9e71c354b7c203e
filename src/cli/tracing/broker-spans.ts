import type { BrokerEvent } from "../../broker/ports.js";
import { isErrorCode } from "../../protocol/errors.js";
import type { SpanSink } from "../../telemetry/span.js";

/** Requests whose worker never came back with evidence are forgotten beyond so many. */
const MAX_OPEN = 1_000;

/** Turns a broker's events into spans: each from the challenge to the decision. @param now milliseconds */
export function brokerSpans(sink: SpanSink, now: () => number): (event: BrokerEvent) => void {
  const challenged = new Map<string, number>();
  return ({ kind, request, job, code }) => {
    if (request === undefined || job === undefined) return;
    if (kind === "challenged") {
      challenged.set(request, now());
      const [oldest] = challenged.keys();
      if (challenged.size > MAX_OPEN && oldest !== undefined) challenged.delete(oldest);
      return;
    }
    if (kind !== "released" && kind !== "refused") return;
    const end = now();
    const start = challenged.get(request) ?? end;
    challenged.delete(request);
    sink.record({ name: "broker.decide", job, start, end, attributes: { outcome: kind }, ...(code !== undefined && isErrorCode(code) ? { error: code } : {}) });
  };
}
