import { setTimeout as sleep } from "node:timers/promises";
import type { Abi, Address, TransactionReceipt } from "viem";
import type { Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { LedgerAddress } from "../protocol/ids.js";
import { ledgerAddress } from "../protocol/ledger-digest.js";
import type { ChainClient } from "./client.js";
import { numberFrom, without0x, type Hex } from "./encode.js";
import { refused } from "./errors.js";
import type { Mined } from "./ports.js";
import { didItsCall, isLive, type OpenJournal, type Transaction, type TransactionJournal } from "./transactions/journal.js";
import { TransactionKeeper, type KeeperEvent } from "./transactions/keeper.js";
import { MemoryJournal } from "./transactions/memory-journal.js";
import { transactionNode, type TransactionNode } from "./transactions/node.js";
import { DEFAULT_RULES, type SendingRules } from "./transactions/pace.js";
import { payloadDigest, Signer, type Payload } from "./transactions/signer.js";

export interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

export interface AccountOptions {
  /** What is signed, in memory unless given: then only one process at a time may send from the account. */
  readonly openJournal?: OpenJournal;
  readonly rules?: SendingRules;
  /** How long a call waits for its block. The transaction is looked after beyond that, and a repeated call waits for the same one. */
  readonly patienceMs?: number;
  /** No call waits on after this; those that are under way end soon. */
  readonly stopping?: AbortSignal;
  readonly told?: (event: KeeperEvent, nonce: number) => void;
}

/** More gas than this no transaction may ask for (EIP-7825). */
const GAS_CAP = 1n << 24n;
/** Room over the estimate: between it and the block another insertion may have deepened the tree. */
const withMargin = (gas: bigint): bigint => {
  const roomy = (gas * 5n) / 4n + 100_000n;
  return roomy > GAS_CAP && gas <= GAS_CAP ? GAS_CAP : roomy;
};
const MINING_TIMEOUT_MS = 120_000;
/** Of a call that is under way when the process stops. */
const LAST_WAIT_MS = 2000;
const ROUND_MS = 1000;
/** In polling intervals: how long a receipt is asked for each time, and how often at least while no block comes. */
const FIRST_ASKS = 5;
const ASK_AGAIN = 10;

/**
 * One account's calls to the ledger. Nonces are given out by its journal (transactions/journal.ts); accounts that share one,
 * in however many processes, send as one.
 */
export class LedgerAccount {
  readonly address: LedgerAddress;
  readonly #client: ChainClient;
  readonly #signer: Signer;
  readonly #journal: TransactionJournal;
  readonly #node: TransactionNode;
  readonly #keeper: TransactionKeeper;
  readonly #options: AccountOptions;
  /** The next look at the chain's height, which all who wait share. */
  #pulse: Promise<bigint> | undefined;
  #lookAt = 0;

  private constructor(client: ChainClient, signer: Signer, address: LedgerAddress, options: AccountOptions) {
    const { openJournal = () => new MemoryJournal(), rules = DEFAULT_RULES, told = () => undefined } = options;
    this.address = address;
    this.#client = client;
    this.#signer = signer;
    this.#options = options;
    this.#journal = openJournal(`eip155:${client.chain.id}:${address}`);
    this.#node = transactionNode(client, address);
    this.#keeper = new TransactionKeeper({ node: this.#node, journal: this.#journal, signer, rules, told });
  }

  /** @param privateKey secp256k1, 32 bytes */
  static async open(client: ChainClient, privateKey: Bytes, options: AccountOptions = {}): Promise<LedgerAccount> {
    return new LedgerAccount(client, await Signer.open(privateKey, client.chain.id), ledgerAddress(privateKey), options);
  }

  /** Estimates (which is where a refusal shows), sends, waits for the block. @throws see ChainSender */
  async call(call: Call): Promise<Mined> {
    try {
      const { encodeFunctionData } = await import("viem");
      const again = { ...call, account: this.#signer.address };
      const payload = { to: call.address, data: encodeFunctionData(call) };
      const estimate = (): Promise<bigint> => this.#client.viem.estimateContractGas(again);
      return await this.#minedOf(await this.#receiptOf(payload, estimate), () => this.#client.viem.simulateContract(again));
    } catch (error) {
      throw refused(call.functionName, error);
    }
  }

  /** @param data creation code with constructor arguments */
  async create(data: Hex): Promise<Mined & { readonly address: Address }> {
    try {
      const receipt = await this.#receiptOf({ to: undefined, data }, () => this.#client.viem.estimateGas({ account: this.#signer.address, data }));
      const mined = await this.#minedOf(receipt);
      const { contractAddress } = receipt;
      if (contractAddress == null) throw new VeriteeError("chain_refused", "no contract was made", { action: "create" });
      return { ...mined, address: contractAddress };
    } catch (error) {
      throw refused("create", error);
    }
  }

  /** One look at every transaction of the account that is in no block yet. @throws chain_unavailable, and what the journal throws */
  async lookAfter(): Promise<void> {
    try {
      await this.#keeper.round();
    } catch (error) {
      throw refused("look after transactions", error);
    }
  }

  /** Of the transaction that makes this call: one that is under way already, or a new one. */
  async #receiptOf(payload: Omit<Payload, "gas">, estimate: () => Promise<bigint>): Promise<TransactionReceipt> {
    const live = await this.#journal.find(payloadDigest(payload));
    if (live !== undefined) return this.#receipt(live);
    const { transaction, answer } = await this.#keeper.submit({ ...payload, gas: withMargin(await estimate()) });
    // It stays signed, and goes once the account is filled; nobody knows when that will be.
    ensure(answer !== "unfunded", "chain_unavailable", "the account cannot pay for the transaction", { kind: "InsufficientFundsError" });
    return this.#receipt(transaction);
  }

  /**
   * Asks for the receipt by its hash until it is there: at first, whenever a block has come, and now and then without one, for
   * a node that announces a block just before its receipts, and mines no further one, would be waited for in vain.
   */
  async #receipt(sent: Transaction): Promise<TransactionReceipt> {
    const started = performance.now();
    let transaction = sent;
    for (let [round, height] = [started + ROUND_MS, -1n]; ; height = await this.#news(height, started)) {
      const hash = transaction.minedHash ?? transaction.hashes.at(-1) as string;
      const receipt = await this.#node.receipt(hash);
      if (receipt !== undefined) {
        const where = { hash, block: numberFrom(receipt.blockNumber) };
        await this.#journal.mined(transaction, where);
        if (didItsCall({ ...transaction, minedHash: hash })) return receipt;
        throw taken(transaction);
      }
      this.#ensurePatience(transaction, performance.now() - started);
      if (performance.now() < round) continue;
      await this.#lookWithOthers();
      transaction = await this.#reread(sent);
      round = performance.now() + ROUND_MS;
    }
  }

  /** Waits until it is worth asking for a receipt again. @returns the chain's height */
  async #news(height: bigint, started: number): Promise<bigint> {
    const interval = this.#client.viem.pollingInterval;
    const asked = performance.now();
    for (;;) {
      const now = await (this.#pulse ??= sleep(interval).then(() => this.#client.viem.getBlockNumber()).finally(() => { this.#pulse = undefined; }));
      if (now !== height || asked - started < FIRST_ASKS * interval || performance.now() - asked >= ASK_AGAIN * interval) return now;
    }
  }

  /** Once a second, however many wait. */
  async #lookWithOthers(): Promise<void> {
    if (performance.now() < this.#lookAt) return;
    this.#lookAt = performance.now() + ROUND_MS;
    await this.#keeper.round();
  }

  async #reread(sent: Transaction): Promise<Transaction> {
    const now = await this.#journal.read(sent.nonce);
    // The nonce may have been given out anew after the chain went back.
    if (now === undefined || now.hashes[0] !== sent.hashes[0] || (!isLive(now) && now.minedHash === undefined)) throw taken(sent);
    return now;
  }

  #ensurePatience({ hashes, capped }: Transaction, waitedMs: number): void {
    const { patienceMs = MINING_TIMEOUT_MS, stopping } = this.#options;
    const limit = stopping?.aborted === true ? Math.min(patienceMs, LAST_WAIT_MS) : patienceMs;
    ensure(waitedMs < limit, "chain_unavailable", "the transaction is in no block yet", { txHash: hashes.at(-1) ?? "", kind: capped ? "FeeCapped" : "NotMined" });
  }

  /** @param again the same call, asked for its reason when the block holds it as reverted */
  async #minedOf(receipt: TransactionReceipt, again: () => Promise<unknown> = async () => undefined): Promise<Mined> {
    const txHash = without0x(receipt.transactionHash);
    if (receipt.status !== "success") {
      await again();
      throw new VeriteeError("chain_refused", "the transaction was reverted", { reason: "reverted", txHash });
    }
    const block = await this.#client.viem.getBlock({ blockHash: receipt.blockHash });
    return {
      txHash,
      blockNumber: numberFrom(receipt.blockNumber),
      blockHash: without0x(receipt.blockHash),
      blockTime: numberFrom(block.timestamp),
      gasUsed: numberFrom(receipt.gasUsed),
    };
  }
}

/** Whether the deed is done is for whoever wanted it to find out: asking for its effect, then calling again. */
const taken = ({ nonce }: Transaction): VeriteeError =>
  new VeriteeError("chain_unavailable", "the transaction's nonce was used by another one", { nonce, kind: "NonceTaken" });
