import { ensure, VeriteeError } from "../../protocol/errors.js";
import { clientOf, ensureChain, type ChainClient } from "../client.js";
import type { ChainReader, Deployment } from "../ports.js";
import { openReader } from "../reader.js";
import { agreeingReader, type Agreement } from "./agreeing-reader.js";

/**
 * A reader over one node, or over several that must agree. Of several some may be away: whoever asks is told until they are back.
 * @throws chain_unavailable (all are away), config_invalid (one is on another chain)
 */
export async function openEndpoints(rpcUrls: readonly string[], deployment: Deployment, agreement: Agreement = {}): Promise<ChainReader> {
  const [only, ...others] = rpcUrls;
  ensure(only !== undefined, "config_invalid", "no node is named", { field: "rpc" });
  if (others.length === 0) return openReader(only, deployment);
  ensure(new Set(rpcUrls).size === rpcUrls.length, "config_invalid", "a node is named twice: it agrees with itself", { field: "rpc" });
  const clients = await Promise.all(rpcUrls.map((rpcUrl) => clientOf({ rpcUrl, chainId: deployment.chainId })));
  const here = await Promise.all(clients.map(isHere));
  ensure(here.includes(true), "chain_unavailable", "no node of the chain answers", { nodes: clients.length });
  return agreeingReader(clients, deployment, agreement);
}

/** @throws config_invalid */
async function isHere(client: ChainClient): Promise<boolean> {
  try {
    await ensureChain(client);
    return true;
  } catch (error) {
    if (error instanceof VeriteeError && error.code === "chain_unavailable") return false;
    throw error;
  }
}
