import { createServer, type Server, type ServerResponse } from "node:http";
import { textOf, METRICS_MEDIA_TYPE, type Family } from "./metrics/exposition.js";
import type { ReadinessCheck } from "./readiness.js";

export interface AdminParts {
  readonly readiness: ReadinessCheck;
  readonly families: () => Promise<readonly Family[]>;
  readonly failed: (error: unknown) => void;
}

/** What the operator's own tools ask, on a port of its own and unsigned: keep it off the network that callers are on. */
export function adminServer(parts: AdminParts): Server {
  return createServer({ headersTimeout: 5000, requestTimeout: 5000, maxHeaderSize: 8192 }, (req, res) => {
    answer(parts, req.method === "GET" ? req.url : undefined, res).catch((error: unknown) => {
      parts.failed(error);
      end(res, 503, "text/plain", "unavailable\n");
    });
  });
}

async function answer({ readiness, families }: AdminParts, path: string | undefined, res: ServerResponse): Promise<void> {
  if (path === "/metrics") return end(res, 200, METRICS_MEDIA_TYPE, textOf(await families()));
  if (path === "/healthz") return end(res, 200, "application/json", '{"ok":true}');
  if (path !== "/readyz") return end(res, 404, "text/plain", "not found\n");
  const ready = await readiness.look();
  return end(res, ready.ok ? 200 : 503, "application/json", JSON.stringify(ready));
}

function end(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" }).end(body);
}
