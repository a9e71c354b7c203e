// An HTTP server on a Unix socket: what the guest agents of dstack and Confidential Space are.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Asked { readonly method: string | undefined; readonly path: string | undefined; readonly host: string | undefined; readonly body: unknown }
export interface SocketServer { readonly socket: string; readonly asked: readonly Asked[]; close(): Promise<void> }
export type Answer = (asked: Asked, response: ServerResponse) => void;

export async function serveSocket(answer: Answer): Promise<SocketServer> {
  const folder = await mkdtemp(join(tmpdir(), "vt-"));
  const socket = join(folder, "s");
  const asked: Asked[] = [];
  const server = createServer((request, response) => void bodyOf(request).then((body) => {
    asked.push({ method: request.method, path: request.url, host: request.headers.host, body });
    answer(asked.at(-1) as Asked, response);
  }));
  server.listen(socket);
  await once(server, "listening");
  return {
    socket, asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === "" ? undefined : JSON.parse(text);
}
