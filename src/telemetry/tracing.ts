import type { Attributes } from "@opentelemetry/api";
import type { IdGenerator } from "@opentelemetry/sdk-trace";
import { ensure } from "../protocol/errors.js";
import { jobTrace } from "./job-trace.js";
import { NO_SPANS, type JobSpan, type SpanSink } from "./span.js";

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP receiver, as OTEL_EXPORTER_OTLP_ENDPOINT has it; undefined records nothing. */
  readonly endpoint: string | undefined;
  readonly role: "coordinator" | "broker" | "worker";
  readonly version: string;
}

const EXPORT_TIMEOUT_MS = 5_000;
const EXPORT_EVERY_MS = 1_000;
/** What may wait; more is dropped, which costs spans and nothing else. */
const MAX_QUEUED = 2_048;

/**
 * Opens the way to an operator's collector of traces. OpenTelemetry is loaded here, on first use. A collector that is away
 * costs spans, never a job.
 * @throws config_invalid when the endpoint is no http(s) URL
 */
export async function openTracing({ endpoint, role, version }: TracingOptions): Promise<SpanSink> {
  if (endpoint === undefined || endpoint === "") return NO_SPANS;
  ensure(/^https?:\/\/[^@\s]+$/.test(endpoint) && URL.canParse(endpoint), "config_invalid", "the endpoint for traces must be an http(s) URL without credentials", { variable: "OTEL_EXPORTER_OTLP_ENDPOINT" });
  const [{ OTLPTraceExporter }, { BatchSpanProcessor }] = await Promise.all([import("@opentelemetry/exporter-trace-otlp-http"), import("@opentelemetry/sdk-trace")]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS });
  return sinkOver(new BatchSpanProcessor({ exporter, maxQueueSize: MAX_QUEUED, scheduledDelayMillis: EXPORT_EVERY_MS, exportTimeoutMillis: EXPORT_TIMEOUT_MS }), role, version);
}

type Processor = import("@opentelemetry/sdk-trace").SpanProcessor;

/** The same over any processor. */
export async function sinkOver(processor: Processor, role: TracingOptions["role"], version: string): Promise<SpanSink> {
  const [{ ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags }, { RandomIdGenerator, TracerProvider }, { resourceFromAttributes }] =
    await Promise.all([import("@opentelemetry/api"), import("@opentelemetry/sdk-trace"), import("@opentelemetry/resources")]);
  const ids = new JobIds(new RandomIdGenerator());
  const provider = new TracerProvider({
    idGenerator: ids, spanProcessors: [processor], resource: resourceFromAttributes({ "service.name": `veritee-${role}`, "service.version": version }),
  });
  const tracer = provider.getTracer("veritee", version);
  return {
    record(span) {
      const { traceId, rootSpanId } = jobTrace(span.job);
      // Dates: a small number would be taken for milliseconds since this process began.
      const isRoot = span.name === "job";
      ids.root = isRoot ? { traceId, spanId: rootSpanId } : undefined;
      const parent = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: rootSpanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
      const started = tracer.startSpan(span.name, { startTime: new Date(span.start), attributes: attributesOf(span) }, isRoot ? ROOT_CONTEXT : parent);
      if (span.error !== undefined) started.setStatus({ code: SpanStatusCode.ERROR, message: span.error });
      started.end(new Date(Math.max(span.start, span.end)));
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

/** The allow-list is applied here too, for what the type system cannot see. */
function attributesOf({ job, attributes = {}, error }: JobSpan): Attributes {
  const { attempt, state, outcome, program, simulated } = attributes;
  const all = { attempt, state, outcome, program, simulated, job, error };
  return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[`veritee.${name}`, value]])));
}

/** Random ids, but for a root span, whose ids are the job's. Spans are started one at a time, without waiting in between. */
class JobIds implements IdGenerator {
  root: { readonly traceId: string; readonly spanId: string } | undefined;
  readonly #random: IdGenerator;
  constructor(random: IdGenerator) { this.#random = random; }
  readonly generateTraceId = (): string => this.root?.traceId ?? this.#random.generateTraceId();
  readonly generateSpanId = (): string => this.root?.spanId ?? this.#random.generateSpanId();
}
