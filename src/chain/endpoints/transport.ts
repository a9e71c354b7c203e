import type { Transport } from "viem";
/** Of one request: another node is asked after that. */
const REQUEST_TIMEOUT_MS = 20_000;
/** A node is not trusted: a redirect of its would send us to machines that only we can reach. */
export const FETCH_OPTIONS = { redirect: "error" } as const;

type Ask = (request: { readonly method: string; readonly params?: unknown }) => Promise<unknown>;

/** Errors that come from a node, not from the way to it. */
const isAnswer = (error: unknown): boolean => error instanceof Error && typeof (error as { code?: unknown }).code === "number";

/**
 * Several nodes for one who sends: a transaction goes to all of them, and is sent when one has taken it; anything else is
 * answered by the first that answers at all. Who must not believe one node alone asks through the agreeing reader.
 */
export async function endpointsTransport(urls: readonly string[]): Promise<Transport> {
  const { custom, http } = await import("viem");
  const asks = urls.map((url): Ask => http(url, { timeout: REQUEST_TIMEOUT_MS, retryCount: 0, fetchOptions: FETCH_OPTIONS })({ retryCount: 0 }).request as Ask);
  return custom({ request: (request: Parameters<Ask>[0]) => (request.method === "eth_sendRawTransaction" ? toAll(asks, request) : toFirst(asks, request)) }, { retryCount: 0 });
}

async function toAll(asks: readonly Ask[], request: Parameters<Ask>[0]): Promise<unknown> {
  const outcomes = await Promise.allSettled(asks.map((ask) => ask(request)));
  const taken = outcomes.find((outcome) => outcome.status === "fulfilled");
  if (taken !== undefined) return taken.value;
  const refused = outcomes as readonly PromiseRejectedResult[];
  // That a node is away says nothing of the transaction; that it refused does.
  throw (refused.find(({ reason }) => isAnswer(reason)) ?? refused[0])?.reason;
}

async function toFirst(asks: readonly Ask[], request: Parameters<Ask>[0]): Promise<unknown> {
  let last: unknown;
  for (const ask of asks) {
    try {
      return await ask(request);
    } catch (error) {
      if (isAnswer(error)) throw error;
      last = error;
    }
  }
  throw last;
}
