import { request as open } from "node:http";
import type { Bytes } from "../../../src/protocol/bytes.js";
import type { Http, HttpAnswer, HttpRequest } from "../ports.js";

/** For a whole exchange: quoting takes up to some seconds. */
const TIMEOUT_MS = 30_000;

/** Plain HTTP to a socket or a link-local service: what comes back is evidence, and needs no channel to be trusted. */
export const httpWithin = (timeoutMs: number): Http => ({ send: (request, limit) => exchange(request, limit, timeoutMs) });

export const nodeHttp = httpWithin(TIMEOUT_MS);

function exchange({ socket, host, method, path, headers = {}, body }: HttpRequest, limit: number, timeoutMs: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = open({
      ...(socket === undefined ? { host, port: 80 } : { socketPath: socket }),
      method, path, headers: { host, ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
      signal: AbortSignal.timeout(timeoutMs), agent: false,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const parts: Bytes[] = [];
      let total = 0;
      incoming.on("data", (part: Bytes) => {
        total += part.length;
        if (total > limit) return void outgoing.destroy(systemError("EFBIG"));
        parts.push(part);
      });
      incoming.on("error", reject);
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: Uint8Array.from(Buffer.concat(parts)) }));
    });
    outgoing.end(body);
  });
}

const systemError = (code: string): Error => Object.assign(new Error(code), { code });
