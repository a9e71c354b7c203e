import { createServer, type AddressInfo, type Server } from "node:net";
import { deserialize, serialize } from "node:v8";
import { VeriteeError, type ErrorCode } from "../../../src/protocol/errors.js";
import type { ChainPort } from "../../../src/coordinator/chain-port.js";

/** What goes over the connection: one call, one answer, each to the end of the stream. */
export interface ChainCall { readonly method: string; readonly args: readonly unknown[] }
export type ChainAnswer =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly message: string; readonly facts: VeriteeError["facts"] }
  | { readonly unexpected: string };

export interface ChainServer { readonly port: number; close(): Promise<void> }

/** Lets coordinators in processes of their own share one ledger that outlives them. */
export async function serveChain(chain: ChainPort): Promise<ChainServer> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    // Who was killed while it called gets no answer; what it asked for is done all the same.
    socket.on("error", () => undefined);
    socket.on("end", () => {
      if (parts.length === 0) return void socket.end();
      void answerTo(chain, Buffer.concat(parts)).then((answer) => socket.end(serialize(answer)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

async function answerTo(chain: ChainPort, bytes: Buffer): Promise<ChainAnswer> {
  try {
    const { method, args } = deserialize(bytes) as ChainCall;
    if (method === "deployment") return { value: chain.deployment };
    const call = chain[method as Exclude<keyof ChainPort, "deployment">] as (...args: readonly unknown[]) => Promise<unknown>;
    return { value: await call.apply(chain, [...args]) };
  } catch (error) {
    if (error instanceof VeriteeError) return { code: error.code, message: error.message, facts: error.facts };
    return { unexpected: String(error) };
  }
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => { server.close(() => { resolve(); }); });
