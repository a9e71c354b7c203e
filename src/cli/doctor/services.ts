import { z } from "zod";
import { checked, type Check } from "./check.js";

const TIMEOUT_MS = 5_000;
const MAX_CHARACTERS = 64 * 1024;

/** Status and body of an answer, or why there was none. */
async function probe(url: URL, init: RequestInit = {}): Promise<{ readonly status: number; readonly body: unknown } | string> {
  try {
    const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return { status: response.status, body: text.length > MAX_CHARACTERS ? undefined : parse(text) };
  } catch (error) {
    const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return inner instanceof Error ? ("code" in inner && typeof inner.code === "string" ? inner.code : inner.message) : "unknown";
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const quantity = z.object({ result: z.string().regex(/^0x[0-9a-f]{1,16}$/) }).transform(({ result }) => Number(result));

/** A ledger node answers, and which chain it is on. */
export const checkLedger = (rpcUrl: string): Promise<Check> => checked("ledger", async () => {
  const call = async (method: string): Promise<number | string> => {
    const answer = await probe(new URL(rpcUrl), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }) });
    const parsed = quantity.safeParse(typeof answer === "string" ? undefined : answer.body);
    return parsed.success ? parsed.data : typeof answer === "string" ? answer : `status ${answer.status}, no JSON-RPC answer`;
  };
  const [chainId, block] = [await call("eth_chainId"), await call("eth_blockNumber")];
  const ok = typeof chainId === "number" && typeof block === "number";
  return ok
    ? { ok, detail: `${rpcUrl}: chain ${chainId}, block ${block}`, facts: { rpc: rpcUrl, chainId, block } }
    : { ok, detail: `${rpcUrl} does not answer (${typeof chainId === "string" ? chainId : String(block)})`, facts: { rpc: rpcUrl } };
});

/** A coordinator is up, and its store answers. */
export const checkCoordinator = (origin: string): Promise<Check> => checked("coordinator", async () => {
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await probe(new URL(path, origin));
    const trouble = typeof answer === "string" ? answer : answer.status === 200 ? undefined : `status ${answer.status}`;
    if (trouble !== undefined) return { ok: false, detail: `${origin}${path} does not answer (${trouble})`, facts: { coordinator: origin } };
  }
  return { ok: true, detail: `${origin}: up, store ready`, facts: { coordinator: origin } };
});
