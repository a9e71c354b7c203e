import { LedgerAccount } from "../../chain/account.js";
import { connect } from "../../chain/client.js";
import type { ChainReader } from "../../chain/ports.js";
import { senderOf, type SenderOptions } from "../../chain/sender.js";
import { evmChain } from "../chain-adapter.js";
import type { ChainPort } from "../chain-port.js";
import type { Log } from "../log.js";
import type { Db } from "../store/schema.js";
import { sendingRules, type TransactionSettings } from "./settings.js";
import { storedJournal } from "./stored-journal.js";

/** What a ledger is opened on when its transactions are kept in the coordinator's store. */
export interface ChainStore {
  readonly db: Db;
  readonly log: Log;
  readonly transactions: TransactionSettings;
  readonly stopping: AbortSignal;
}

export interface OpenedChain {
  readonly chain: ChainPort;
  /** One look at what was sent and is in no block yet. */
  readonly lookAfter: () => Promise<void>;
}

export type OpenChain = (store: ChainStore) => Promise<OpenedChain>;

/** Less than an outbox row is held: whoever takes it up next waits for the same transaction. */
const PATIENCE_MS = 45_000;

/** An EVM ledger whose transactions all replicas over the store share. @throws chain_unavailable, config_invalid */
export const journalledChain = ({ rpcUrl, deployment, privateKey }: SenderOptions, reader: ChainReader): OpenChain =>
  async ({ db, log, transactions, stopping }) => {
    const account = await LedgerAccount.open(await connect({ rpcUrl, chainId: deployment.chainId }), privateKey, {
      openJournal: storedJournal(db), rules: sendingRules(transactions), patienceMs: PATIENCE_MS, stopping,
      told: (kind, nonce) => { log.write(kind === "bump" || kind === "resend" ? "info" : "warn", "transaction_tended", { kind, nonce }); },
    });
    return { chain: evmChain(reader, senderOf(account, deployment)), lookAfter: () => account.lookAfter() };
  };
