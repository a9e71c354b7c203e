import { setTimeout as sleep } from "node:timers/promises";
import { ensure } from "../../protocol/errors.js";
import type { ChainReader, ChainSender, Mined } from "../ports.js";
import { minedOf } from "../reader.js";

/** How long the other nodes may take to see a transaction that one has mined. */
const PATIENCE_MS = 30_000;
const POLL_MS = 200;

type Method = (...args: never[]) => Promise<Mined>;

/**
 * A sender whose word alone does not count: what it sent is there when the reader, which may stand for several nodes, says so.
 * @throws chain_unavailable when that takes too long; the deed may be there all the same, so look before doing it again
 */
export function agreedSender(sender: ChainSender, reader: Pick<ChainReader, "transaction">, patienceMs = PATIENCE_MS): ChainSender {
  const { account, ...methods } = sender;
  const wrapped = Object.entries(methods).map(([name, method]: [string, Method]) => [name, async (...args: never[]) => seen(reader, await method(...args), patienceMs)]);
  return { ...(Object.fromEntries(wrapped) as Omit<ChainSender, "account">), account };
}

async function seen(reader: Pick<ChainReader, "transaction">, { txHash }: Mined, patienceMs: number): Promise<Mined> {
  for (const until = performance.now() + patienceMs; ; await sleep(POLL_MS)) {
    const tx = await reader.transaction(txHash);
    if (tx !== undefined) {
      ensure(tx.succeeded, "chain_refused", "the transaction was reverted", { reason: "reverted", txHash });
      return minedOf(tx);
    }
    ensure(performance.now() < until, "chain_unavailable", "not all nodes have the transaction", { txHash });
  }
}
