import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import type { LoadLimits } from "./settings.js";

const MAX_HEAD_BYTES = 16_384;
const MAX_FIELDS = 64;
const KEEP_ALIVE_MS = 30_000;
/** How often slow connections are looked for: they last this much longer than allowed, at most. */
const LOOK_MS = 1000;

/** A server with bounds on connections: how many, how slow, how long idle. Node itself answers slow ones 408, large heads 431. */
export function boundedServer(load: LoadLimits, listener: RequestListener): Server {
  const server = createServer({
    headersTimeout: load.headSeconds * 1000, requestTimeout: Math.max(load.headSeconds, load.bodySeconds) * 1000,
    connectionsCheckingInterval: LOOK_MS, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEAD_BYTES,
  }, listener);
  server.maxHeadersCount = MAX_FIELDS;
  server.maxConnections = load.maxConnections;
  // A caller that does not read its answer makes no traffic either.
  server.timeout = load.idleSeconds * 1000;
  boundByAddress(server, load.maxConnectionsPerAddress);
  return server;
}

function boundByAddress(server: Server, limit: number): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > limit) socket.destroy();
  });
}
