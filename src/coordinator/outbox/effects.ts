import type { Updateable } from "kysely";
import type { ErrorCode, VeriteeError } from "../../protocol/errors.js";
import type { PartyKey } from "../../protocol/ids.js";
import { receiptToJson } from "../../protocol/receipt-file.js";
import type { ChainPort, Mined } from "../chain-port.js";
import { advance, lockJob } from "../queue/advance.js";
import type { QueueLimits } from "../queue/limits.js";
import { revokeJobs } from "../queue/sweep.js";
import { findCompletion } from "../store/completions.js";
import { lockRevoked } from "../store/grants.js";
import type { Db, LeafTable } from "../store/schema.js";
import type { Send, SendOf } from "./queue.js";

/** Writes down what a deed on the ledger changed, in the transaction that settles it. */
export async function applyDone(trx: Db, chain: ChainPort, limits: QueueLimits, send: Send, mined: Mined): Promise<void> {
  switch (send.kind) {
    case "insert_leaf":
      return setLeaf(trx, send.subject, { state: "anchored", tx_hash: mined.txHash, reason: null });
    case "revoke_leaf":
      return setLeaf(trx, send.subject, { state: "revoked", tx_hash: mined.txHash, reason: null });
    case "insert_proved_leaf":
      return setLeaf(trx, send.subject, { state: "anchored", tx_hash: mined.txHash, reason: null }, "proved_leaves");
    case "revoke_proved_leaf":
      return setLeaf(trx, send.subject, { state: "revoked", tx_hash: mined.txHash, reason: null }, "proved_leaves");
    case "register_model":
      await trx.updateTable("models").set({ anchored: true }).where("id", "=", send.subject).execute();
      return;
    case "register_worker":
      return setWorker(trx, send.subject as PartyKey, "registered", null);
    case "submit_receipt":
      return anchored(trx, chain, limits, send, mined);
  }
}

/** Writes down that the ledger refused. A moved root sends the job back to be proved again. */
export async function applyRefused(trx: Db, limits: QueueLimits, send: Send, error: VeriteeError): Promise<void> {
  switch (send.kind) {
    case "insert_leaf":
      return setLeaf(trx, send.subject, { state: "refused", reason: reasonOf(error) });
    case "insert_proved_leaf":
      return setLeaf(trx, send.subject, { state: "refused", reason: reasonOf(error) }, "proved_leaves");
    case "revoke_leaf":
      return setLeaf(trx, send.subject, { revoke_requested: false, reason: reasonOf(error) });
    case "revoke_proved_leaf":
      return setLeaf(trx, send.subject, { revoke_requested: false, reason: reasonOf(error) }, "proved_leaves");
    case "register_model":
      return;
    case "register_worker":
      return setWorker(trx, send.subject as PartyKey, "refused", error.code);
    case "submit_receipt": {
      const job = await lockJob(trx, send.subject);
      if (job === undefined || job.attempt !== send.attempt) return;
      const event = error.code === "root_unknown" ? "root_unknown" : "refuse";
      await advance(trx, job, event, limits, { error: { code: error.code, reason: reasonOf(error) } });
      // Its grant may have been revoked while it waited for the ledger: it is not worked on again.
      if (event === "root_unknown" && (await lockRevoked(trx, job.grant_id))) await revokeJobs(trx, limits, job.grant_id);
    }
  }
}

async function anchored(trx: Db, chain: ChainPort, limits: QueueLimits, send: SendOf<"submit_receipt">, mined: Mined): Promise<void> {
  const job = await lockJob(trx, send.subject);
  if (job === undefined || job.attempt !== send.attempt || job.state !== "anchoring") return;
  const { statement, certificate } = await findCompletion(trx, job.id, send.attempt);
  const { chainId, receiptLedger: ledger } = chain.deployment;
  const { simulated, developmentParameters } = statement.value;
  const file = receiptToJson(
    { statement: statement.envelope, certificate, anchor: { chainId, ledger, ...mined } },
    { simulated, developmentParameters },
  );
  await trx.insertInto("receipts").values({ job: job.id, file: JSON.stringify(file) }).execute();
  await advance(trx, job, "anchored", limits);
}

async function setLeaf(trx: Db, leaf: string, set: Updateable<LeafTable>, table: "leaves" | "proved_leaves" = "leaves"): Promise<void> {
  await trx.updateTable(table).set(set).where("leaf", "=", leaf).execute();
}

async function setWorker(trx: Db, key: PartyKey, state: "registered" | "refused", reason: ErrorCode | null): Promise<void> {
  await trx.updateTable("workers").set({ state, reason }).where("signing_key", "=", key).execute();
}

/** The name of the contract's error where there is one. */
const reasonOf = (error: VeriteeError): string => (typeof error.facts["reason"] === "string" ? error.facts["reason"] : error.code);
