import { VeriteeError } from "../protocol/errors.js";

/** One JSON-RPC call, for the few methods that are the development chain's own. @throws chain_unavailable */
export async function rpc(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "error",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error === undefined) return answer.result;
    throw new VeriteeError("chain_unavailable", "the development chain refused a call", { method, answer: answer.error.message });
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("chain_unavailable", "the development chain did not answer", { method }, { cause });
  }
}
