import { LedgerAccount } from "../../chain/account.js";
import { connect } from "../../chain/client.js";
import { agreedSender } from "../../chain/endpoints/agreed-sender.js";
import { calmly, type TellTrouble } from "../../chain/endpoints/trouble.js";
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
const TOLD_AGAIN_MS = 10_000;

/** An EVM ledger whose transactions all replicas over the store share. @throws chain_unavailable, config_invalid */
export const journalledChain = ({ rpcUrl, deployment, privateKey }: SenderOptions, openReader: (told: TellTrouble) => Promise<ChainReader>): OpenChain =>
  async ({ db, log, transactions, stopping }) => {
    const account = await LedgerAccount.open(await connect({ rpcUrl, chainId: deployment.chainId }), privateKey, {
      openJournal: storedJournal(db), rules: sendingRules(transactions), patienceMs: PATIENCE_MS, stopping,
      told: (kind, nonce) => { log.write(kind === "bump" || kind === "resend" ? "info" : "warn", "transaction_tended", { kind, nonce }); },
    });
    const reader = await openReader(calmly(({ kind, endpoint }) => { log.write("warn", "endpoint_trouble", { kind, endpoint }); }, TOLD_AGAIN_MS));
    const sender = senderOf(account, deployment);
    return { chain: evmChain(reader, typeof rpcUrl === "string" ? sender : agreedSender(sender, reader)), lookAfter: () => account.lookAfter() };
  };
