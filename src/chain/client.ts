import type { Chain, PublicClient, Transport } from "viem";
import { ensure } from "../protocol/errors.js";
import { refused } from "./errors.js";

/** A JSON-RPC node and the chain it must be on. */
export interface ChainTarget {
  readonly rpcUrl: string;
  readonly chainId: number;
}

export interface ChainClient {
  readonly viem: PublicClient<Transport, Chain>;
  readonly chain: Chain;
  readonly rpcUrl: string;
  /** What is read is read as of this block; the latest when left out. */
  readonly at?: number;
}

/** A chain of our own mines at once; asking a public node this often would be refused. */
const LOCAL_POLL_MS = 20;
/** Of one request: a node that estimates the gas of a batch of proofs runs it a dozen times. */
export const REQUEST_TIMEOUT_MS = 60_000;
const REMOTE_POLL_MS = 1_000;

export const isLocal = (rpcUrl: string): boolean => ["127.0.0.1", "localhost", "[::1]"].includes(new URL(rpcUrl).hostname);

/**
 * Connects and checks the chain id. viem takes 0.6 s to load: it is imported here, on first use.
 * @throws chain_unavailable, config_invalid (another chain answers)
 */
export async function connect(target: ChainTarget): Promise<ChainClient> {
  const { createPublicClient, defineChain, http } = await import("viem");
  const chain = defineChain({
    id: target.chainId,
    name: `chain ${target.chainId}`,
    nativeCurrency: { name: "coin", symbol: "COIN", decimals: 18 },
    rpcUrls: { default: { http: [target.rpcUrl] } },
  });
  const pollingInterval = isLocal(target.rpcUrl) ? LOCAL_POLL_MS : REMOTE_POLL_MS;
  const viem = createPublicClient({ chain, transport: http(target.rpcUrl, { timeout: REQUEST_TIMEOUT_MS }), pollingInterval, cacheTime: 0 });
  const actual = await viem.getChainId().catch((cause: unknown) => Promise.reject(refused("chain id", cause)));
  ensure(actual === target.chainId, "config_invalid", "the node is on another chain", { expected: target.chainId, actual });
  return { viem, chain, rpcUrl: target.rpcUrl };
}
