import type { Chain, PublicClient, Transport } from "viem";
import { ensure } from "../protocol/errors.js";
import { endpointsTransport, FETCH_OPTIONS } from "./endpoints/transport.js";
import { refused } from "./errors.js";

/** A JSON-RPC node, or several for one who sends (endpoints/transport.ts), and the chain they must be on. */
export interface ChainTarget {
  readonly rpcUrl: string | readonly string[];
  readonly chainId: number;
}

export interface ChainClient {
  readonly viem: PublicClient<Transport, Chain>;
  readonly chain: Chain;
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
  const client = await clientOf(target);
  await ensureChain(client);
  return client;
}

/** @throws chain_unavailable, config_invalid (another chain answers) */
export async function ensureChain({ viem, chain }: ChainClient): Promise<void> {
  const actual = await viem.getChainId().catch((cause: unknown) => Promise.reject(refused("chain id", cause)));
  ensure(actual === chain.id, "config_invalid", "the node is on another chain", { expected: chain.id, actual });
}

/** Without asking anything. */
export async function clientOf(target: ChainTarget): Promise<ChainClient> {
  const { createPublicClient, defineChain, http } = await import("viem");
  const urls = [target.rpcUrl].flat();
  const chain = defineChain({
    id: target.chainId,
    name: `chain ${target.chainId}`,
    nativeCurrency: { name: "coin", symbol: "COIN", decimals: 18 },
    rpcUrls: { default: { http: urls } },
  });
  const pollingInterval = urls.every(isLocal) ? LOCAL_POLL_MS : REMOTE_POLL_MS;
  const transport = urls.length === 1 ? http(urls[0], { timeout: REQUEST_TIMEOUT_MS, fetchOptions: FETCH_OPTIONS }) : await endpointsTransport(urls);
  return { viem: createPublicClient({ chain, transport, pollingInterval, cacheTime: 0 }), chain };
}
