import type { TransactionReceipt } from "viem";
import type { ChainClient } from "../client.js";
import { numberFrom, with0x, type Hex } from "../encode.js";
import { absent } from "../errors.js";
import { answerIn, type Answer } from "./answers.js";
import type { Market } from "./fees.js";

/** What a node says of an account and of the market, at one moment. */
export interface Sight {
  /** Transactions of the account that are in blocks: nonces below are used. */
  readonly mined: number;
  /** The same with those that wait in the node's pool, up to the first gap. */
  readonly pending: number;
  readonly height: number;
  readonly market: Market;
}

/** The questions that sending takes. All but `send` throw what the client throws. */
export interface TransactionNode {
  look(): Promise<Sight>;
  pending(): Promise<number>;
  market(): Promise<Pick<Sight, "height" | "market">>;
  send(raw: Hex): Promise<Answer>;
  /** Whether the node holds it, in its pool or in a block. */
  knows(hash: string): Promise<boolean>;
  receipt(hash: string): Promise<TransactionReceipt | undefined>;
}

export function transactionNode({ viem }: ChainClient, account: string): TransactionNode {
  const address = with0x(account);
  const count = (blockTag: "latest" | "pending"): Promise<number> => viem.getTransactionCount({ address, blockTag });
  const market = async (): Promise<Pick<Sight, "height" | "market">> => {
    const block = await viem.getBlock({ blockTag: "latest" });
    const baseFee = block.baseFeePerGas ?? undefined;
    const recommended = await (baseFee === undefined ? viem.getGasPrice() : viem.estimateMaxPriorityFeePerGas());
    return { height: numberFrom(block.number), market: { baseFee, recommended } };
  };
  return {
    // One after another: a transaction that is mined meanwhile must not be missing from the later answer.
    look: async () => ({ mined: await count("latest"), pending: await count("pending"), ...(await market()) }),
    pending: () => count("pending"),
    market,
    send: (raw) => viem.sendRawTransaction({ serializedTransaction: raw }).then(() => "taken" as const, answerIn),
    knows: async (hash) => (await viem.getTransaction({ hash: with0x(hash) }).catch(absent("TransactionNotFoundError"))) !== undefined,
    receipt: (hash) => viem.getTransactionReceipt({ hash: with0x(hash) }).catch(absent("TransactionReceiptNotFoundError")),
  };
}
