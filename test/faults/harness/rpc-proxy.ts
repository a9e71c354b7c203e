import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Request { readonly id: unknown; readonly method: string; readonly params?: unknown }
interface Answer { readonly result?: unknown; readonly [other: string]: unknown }

/** What a node's answers go through. */
export type NodeFault =
  | { readonly kind: "none" }
  | { readonly kind: "5xx" }
  /** Takes connections and answers nothing. */
  | { readonly kind: "silent" }
  /** Passes every request on and drops the answers of some methods. */
  | { readonly kind: "drops answers"; readonly methods: readonly string[] }
  | { readonly kind: "wrong chain"; readonly chainId: number }
  /** Shows no block above this one. */
  | { readonly kind: "stale"; readonly head: number }
  /** Changes what it answers. */
  | { readonly kind: "forges"; readonly forge: (request: Request, result: unknown) => unknown };

export interface RpcProxy {
  readonly url: string;
  fault: NodeFault;
  /** Methods that were asked for, oldest first. */
  readonly asked: string[];
  close(): Promise<void>;
}

const hex = (n: number): string => `0x${n.toString(16)}`;

/** A JSON-RPC node between us and another, which can fail and lie in all the ways that R10 names. */
export async function startRpcProxy(target: string): Promise<RpcProxy> {
  const proxy: { fault: NodeFault; asked: string[] } = { fault: { kind: "none" }, asked: [] };
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    void answer(request, response).catch(() => { response.destroy(); });
  });
  const ask = async (body: unknown): Promise<Answer> =>
    (await (await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json()) as Answer;

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Request;
    proxy.asked.push(request.method);
    const { fault } = proxy;
    if (fault.kind === "silent") return;
    if (fault.kind === "5xx") {
      response.writeHead(502).end("bad gateway");
      return;
    }
    const original = await ask(fault.kind === "stale" ? lowered(request, fault.head) : request);
    if (fault.kind === "drops answers" && fault.methods.includes(request.method)) return void response.destroy();
    const said = "result" in original ? { ...original, result: changed(fault, request, original.result) } : original;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  }

  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const close = async (): Promise<void> => {
    for (const response of open) response.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
}

/** Questions about the latest block become questions about the one that the node claims to be at. */
function lowered(request: Request, head: number): Request {
  return { ...request, params: JSON.parse(JSON.stringify(request.params ?? []).replaceAll('"latest"', `"${hex(head)}"`)) as unknown };
}

function changed(fault: NodeFault, request: Request, result: unknown): unknown {
  if (fault.kind === "wrong chain" && request.method === "eth_chainId") return hex(fault.chainId);
  if (fault.kind === "forges") return fault.forge(request, result);
  if (fault.kind !== "stale") return result;
  if (request.method === "eth_blockNumber") return hex(fault.head);
  const number = (result as { blockNumber?: string; number?: string } | null)?.blockNumber ?? (request.method.startsWith("eth_getBlock") ? (result as { number?: string } | null)?.number : undefined);
  return number !== undefined && number !== null && Number(number) > fault.head ? null : result;
}
