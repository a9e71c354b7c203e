import type { SpanSink } from "../../telemetry/span.js";
import { openTracing, type TracingOptions } from "../../telemetry/tracing.js";
import { VERSION } from "../version.js";

/** The operator's collector of traces, by the variable that OpenTelemetry names for it. @throws config_invalid */
export const openSpans = (role: TracingOptions["role"]): Promise<SpanSink> =>
  openTracing({ endpoint: process.env["OTEL_EXPORTER_OTLP_ENDPOINT"], role, version: VERSION });
