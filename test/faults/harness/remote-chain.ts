import { connect } from "node:net";
import { deserialize, serialize } from "node:v8";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { ChainPort } from "../../../src/coordinator/chain-port.js";
import type { ChainAnswer, ChainCall } from "./chain-server.js";

/** The ledger behind serveChain(), whatever methods the port has. A connection that breaks is a ledger that is away. */
export async function remoteChain(port: number): Promise<ChainPort> {
  const call = (method: string) => (...args: readonly unknown[]): Promise<unknown> => ask(port, { method, args });
  const deployment = await ask(port, { method: "deployment", args: [] });
  return new Proxy({ deployment }, {
    get: (own, name) => {
      if (name in own) return Reflect.get(own, name) as unknown;
      // A promise is asked for `then`: this is none.
      return typeof name === "string" && name !== "then" ? call(name) : undefined;
    },
  }) as unknown as ChainPort;
}

async function ask(port: number, call: ChainCall): Promise<unknown> {
  const answer = await exchange(port, serialize(call)).then((bytes) => deserialize(bytes) as ChainAnswer, (cause: unknown) => {
    throw new VeriteeError("chain_unavailable", "no answer", {}, { cause });
  });
  if ("value" in answer) return answer.value;
  if ("code" in answer) throw new VeriteeError(answer.code, answer.message, answer.facts);
  throw new Error(answer.unexpected);
}

function exchange(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, "127.0.0.1");
    socket.on("error", reject);
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("end", () => { resolve(Buffer.concat(parts)); });
    socket.end(request);
  });
}
