import { keccak_256 } from "@noble/hashes/sha3.js";
import type { LocalAccount } from "viem";
import { fromHex, toHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { sha256 } from "../../protocol/hash.js";
import type { Hex } from "../encode.js";
import type { Fees } from "./fees.js";
import type { Version } from "./journal.js";

/** What a transaction does, whatever its nonce and fee. `to` is undefined where it makes a contract. */
export interface Payload { readonly to: Hex | undefined; readonly data: Hex; readonly gas: bigint }

/** Names what a transaction does; gas is no part of it. */
export const payloadDigest = ({ to, data }: Pick<Payload, "to" | "data">): string => toHex(sha256(utf8(`${to ?? ""}:${data}`.toLowerCase())));

/** Uses a nonce up: no coins, to the sender. */
const FILLER_GAS = 21_000n;

export interface Terms { readonly nonce: number; readonly fees: Fees; readonly cap: bigint; readonly height: number }

/** Signs with a key that is in this process. */
export class Signer {
  readonly #account: LocalAccount;
  readonly #chainId: number;

  private constructor(account: LocalAccount, chainId: number) {
    this.#account = account;
    this.#chainId = chainId;
  }

  /** @param privateKey secp256k1, 32 bytes */
  static async open(privateKey: Bytes, chainId: number): Promise<Signer> {
    const { privateKeyToAccount } = await import("viem/accounts");
    return new Signer(privateKeyToAccount(`0x${toHex(privateKey)}`), chainId);
  }

  get address(): Hex {
    return this.#account.address;
  }

  async sign({ to, data, gas }: Payload, { nonce, fees, cap, height }: Terms): Promise<Version> {
    const common = { chainId: this.#chainId, nonce, gas, data, value: 0n, ...(to === undefined ? {} : { to }) };
    const raw = await (fees.tip === undefined
      ? this.#account.signTransaction({ ...common, type: "legacy", gasPrice: fees.maxFee })
      : this.#account.signTransaction({ ...common, type: "eip1559", maxFeePerGas: fees.maxFee, maxPriorityFeePerGas: fees.tip }));
    return { hash: toHex(keccak_256(fromHex(raw.slice(2)))), raw, fees, cap, height };
  }

  /** The same call on other terms. */
  async signAgain(raw: Hex, terms: Terms): Promise<Version> {
    const { parseTransaction } = await import("viem");
    const { to, data, gas } = parseTransaction(raw);
    return this.sign({ to: to ?? undefined, data: data ?? "0x", gas: gas ?? FILLER_GAS }, terms);
  }

  signFiller(terms: Terms): Promise<Version> {
    return this.sign({ to: this.address, data: "0x", gas: FILLER_GAS }, terms);
  }
}
