import { setTimeout as sleep } from "node:timers/promises";
import type { Abi, Account, Address, WalletClient, TransactionReceipt, Transport, Chain } from "viem";
import { toHex, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { LedgerAddress } from "../protocol/ids.js";
import { ledgerAddress } from "../protocol/ledger-digest.js";
import { REQUEST_TIMEOUT_MS, type ChainClient } from "./client.js";
import { numberFrom, without0x, type Hex } from "./encode.js";
import { absent, refused } from "./errors.js";
import type { Mined } from "./ports.js";

export interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** More gas than this no transaction may ask for (EIP-7825). */
const GAS_CAP = 1n << 24n;
/** Room over the estimate: between it and the block another insertion may have deepened the tree. */
const withMargin = (gas: bigint): bigint => {
  const roomy = (gas * 5n) / 4n + 100_000n;
  return roomy > GAS_CAP && gas <= GAS_CAP ? GAS_CAP : roomy;
};
const MINING_TIMEOUT_MS = 120_000;

/**
 * One account's transactions, in order. Nonces are handed out one transaction at a time: asking the node for each without
 * waiting would hand the same nonce to two that are sent together. Only one process may send from an account.
 */
export class LedgerAccount {
  readonly address: LedgerAddress;
  readonly #client: ChainClient;
  readonly #wallet: WalletClient<Transport, Chain, Account>;
  /** Nonce after the last one sent; the node may not have heard of that yet. */
  #next = 0;
  #inFlight = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(client: ChainClient, wallet: WalletClient<Transport, Chain, Account>, address: LedgerAddress) {
    this.#client = client;
    this.#wallet = wallet;
    this.address = address;
  }

  /** @param privateKey secp256k1, 32 bytes */
  static async open(client: ChainClient, privateKey: Bytes): Promise<LedgerAccount> {
    const [{ createWalletClient, http }, { privateKeyToAccount }] = await Promise.all([import("viem"), import("viem/accounts")]);
    const account = privateKeyToAccount(`0x${toHex(privateKey)}`);
    const wallet = createWalletClient({ account, chain: client.chain, transport: http(client.rpcUrl, { timeout: REQUEST_TIMEOUT_MS }) });
    return new LedgerAccount(client, wallet, ledgerAddress(privateKey));
  }

  /** Estimates (which is where a refusal shows), sends, waits for the block. @throws see ChainSender */
  async call(call: Call): Promise<Mined> {
    const action = call.functionName;
    try {
      const hash = await this.#inTurn(async (nonce) => {
        const gas = withMargin(await this.#client.viem.estimateContractGas({ ...call, account: this.#wallet.account }));
        return this.#wallet.writeContract({ ...call, gas, nonce });
      });
      return await this.#mined(hash, () => this.#client.viem.simulateContract({ ...call, account: this.#wallet.account }));
    } catch (error) {
      throw refused(action, error);
    }
  }

  /** @param data creation code with constructor arguments */
  async create(data: Hex): Promise<Mined & { readonly address: Address }> {
    try {
      const hash = await this.#inTurn(async (nonce) => {
        const gas = withMargin(await this.#client.viem.estimateGas({ account: this.#wallet.account, data }));
        return this.#wallet.sendTransaction({ data, gas, nonce });
      });
      const mined = await this.#mined(hash);
      const { contractAddress } = await this.#client.viem.getTransactionReceipt({ hash });
      if (contractAddress == null) throw new VeriteeError("chain_refused", "no contract was made", { action: "create" });
      return { ...mined, address: contractAddress };
    } catch (error) {
      throw refused("create", error);
    }
  }

  /** Sends one after the other; what is sent is in flight until #mined has seen its block. */
  #inTurn(send: (nonce: number) => Promise<Hex>): Promise<Hex> {
    const result = this.#turn.then(async () => {
      const pending = await this.#client.viem.getTransactionCount({ address: `0x${this.address}`, blockTag: "pending" });
      // With nothing in flight the node is right even when it says less: a reorganisation, or a restart of the
      // development chain, has taken transactions back, and a nonce above the gap would wait for ever.
      const nonce = this.#inFlight === 0 ? pending : Math.max(pending, this.#next);
      const hash = await send(nonce);
      this.#next = nonce + 1;
      this.#inFlight += 1;
      return hash;
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * Asks for the receipt by its hash until it is there. viem's own wait asks again only when a block comes: a node that
   * announces a block just before its receipts, and mines no further one, would be waited for in vain.
   */
  async #receipt(hash: Hex): Promise<TransactionReceipt> {
    const { viem } = this.#client;
    for (let waited = 0; ; waited += viem.pollingInterval) {
      const receipt = await viem.getTransactionReceipt({ hash }).catch(absent("TransactionReceiptNotFoundError"));
      if (receipt !== undefined) return receipt;
      ensure(waited < MINING_TIMEOUT_MS, "chain_unavailable", "the transaction is in no block yet", { txHash: without0x(hash) });
      await sleep(viem.pollingInterval);
    }
  }

  /** @param again the same call, asked for its reason when the block holds it as reverted */
  async #mined(hash: Hex, again: () => Promise<unknown> = async () => undefined): Promise<Mined> {
    const receipt = await this.#receipt(hash).finally(() => { this.#inFlight -= 1; });
    if (receipt.status !== "success") {
      await again();
      throw new VeriteeError("chain_refused", "the transaction was reverted", { reason: "reverted", txHash: without0x(hash) });
    }
    const block = await this.#client.viem.getBlock({ blockHash: receipt.blockHash });
    return {
      txHash: without0x(hash),
      blockNumber: numberFrom(receipt.blockNumber),
      blockHash: without0x(receipt.blockHash),
      blockTime: numberFrom(block.timestamp),
      gasUsed: numberFrom(receipt.gasUsed),
    };
  }
}
