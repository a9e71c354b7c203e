import type { Hex } from "../encode.js";
import type { Fees } from "./fees.js";

/**
 * Where a nonce's life is: signed and kept; sent, a node took it at least once; mined, one of its versions is in a block;
 * foreign, somebody else's transaction is.
 */
export type TransactionState = "signed" | "sent" | "mined" | "foreign";

/** One signed form of a transaction. Versions of one transaction share its nonce, so at most one gets into a block. */
export interface Version {
  /** 32 bytes of hex. */
  readonly hash: string;
  readonly raw: Hex;
  readonly fees: Fees;
  /** More than this none of its versions may offer. */
  readonly cap: bigint;
  /** The chain's height when it was signed. */
  readonly height: number;
}

/** One nonce of an account, as the journal knows it. */
export interface Transaction {
  readonly nonce: number;
  readonly state: TransactionState;
  /** Names the call: transactions of one digest do the same. Undefined for a nonce that is only to be used up. */
  readonly digest: string | undefined;
  /** Of all versions, oldest first. */
  readonly hashes: readonly string[];
  /** How many of the newest do nothing but use the nonce up. */
  readonly fillers: number;
  /** The newest version; undefined where there never was one, or it is forgotten. */
  readonly version: Version | undefined;
  /** The newest version needs a higher fee than its cap allows. */
  readonly capped: boolean;
  readonly minedHash: string | undefined;
  /** Since the newest version was signed or first taken by a node, since a node was last asked to take it, and since its nonce was first seen used by none of its versions (0: never). */
  readonly ageSeconds: number;
  readonly quietSeconds: number;
  readonly unseenSeconds: number;
}

export const isLive = ({ state }: Pick<Transaction, "state">): boolean => state === "signed" || state === "sent";

/** Whether its call was done by what is in the block, not only its nonce used. */
export const didItsCall = ({ minedHash, hashes, fillers }: Transaction): boolean =>
  minedHash !== undefined && hashes.indexOf(minedHash) < hashes.length - fillers;

export interface Reserved {
  readonly transaction: Transaction;
  /** False when a live transaction makes this call already: it is to be waited for. */
  readonly fresh: boolean;
}

/**
 * What one account has signed. A signature that leaves the process was kept here before, so whoever shares the journal can
 * send it again; nonces are given out here alone, one after another without a gap.
 */
export interface TransactionJournal {
  /**
   * Takes the account's next nonce, has the call signed under it and keeps that, in one step: one at a time however many
   * processes share the journal.
   * @param pending the node's number of the account's transactions, those that wait included: it may know of others
   */
  reserve(digest: string, pending: () => Promise<number>, sign: (nonce: number) => Promise<Version>): Promise<Reserved>;
  /** The live transaction that makes this call. */
  find(digest: string): Promise<Transaction | undefined>;
  read(nonce: number): Promise<Transaction | undefined>;
  /** Live transactions that nobody else looks after at the moment, lowest nonce first; they are the caller's for a while. */
  take(): Promise<readonly Transaction[]>;
  /** Lowest nonce that is live. */
  lowest(): Promise<number | undefined>;

  // What changes one. Undefined, or nothing, when somebody else was quicker.
  /** Keeps a further version, to be sent next. */
  replace(transaction: Transaction, version: Version, becomes: "bump" | "fill"): Promise<Transaction | undefined>;
  /** A node has taken the newest version. */
  sent(transaction: Transaction): Promise<void>;
  /** It was sent, or asked for, and that changed nothing: not again for a while. */
  tried(transaction: Transaction): Promise<void>;
  mined(transaction: Transaction, where: { readonly hash: string; readonly block: number }): Promise<void>;
  /** Its nonce is used and none of its versions is in a block, so far as the node says. */
  unseen(transaction: Transaction): Promise<void>;
  /** It stays that way: another transaction has the nonce. */
  foreign(transaction: Transaction): Promise<void>;
  /** @returns whether that is news */
  capped(transaction: Transaction): Promise<boolean>;

  // After the chain went back.
  /** Those that the journal holds to be in a block while the node says that their nonce, `from` or higher, is free. */
  unused(from: number): Promise<readonly Transaction[]>;
  /** It is in no block any more, and goes again. */
  back(transaction: Transaction): Promise<Transaction | undefined>;
  /** Nonces from `from` to the last given out that no transaction here will use, a few at a time. */
  gaps(from: number): Promise<readonly number[]>;
  /** Keeps a version for a nonce that is nobody's. */
  fill(nonce: number, version: Version): Promise<Transaction | undefined>;
}

/** Opens an account's journal; the account is named by chain and address (CAIP-10). */
export type OpenJournal = (account: string) => TransactionJournal;
