// A collector of traces: OTLP over HTTP with JSON bodies, as far as these tests need it.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly name: string;
  readonly startTimeUnixNano: string; readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status: { code?: number; message?: string };
}
interface Body { readonly resourceSpans: readonly { resource: { attributes: CollectedSpan["attributes"] }; scopeSpans: readonly { spans: readonly CollectedSpan[] }[] }[] }

export interface Collector { readonly url: string; readonly spans: CollectedSpan[]; readonly services: Set<string>; readonly text: () => string; close(): Promise<void> }

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const services = new Set<string>();
  let text = "";
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => { body += chunk.toString("utf8"); }).on("end", () => {
      text += body;
      for (const { resource, scopeSpans } of (JSON.parse(body) as Body).resourceSpans) {
        services.add(String(resource.attributes.find((a) => a.key === "service.name")?.value["stringValue"]));
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`, spans, services, text: () => text,
    close: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
}

/** Attributes by name, without the types that OTLP wraps values in. */
export const attributesOf = (span: CollectedSpan): Record<string, unknown> => Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
