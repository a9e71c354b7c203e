import { toHex } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import { certificateDigest } from "../protocol/objects/receipt.js";
import { ledgerProgramId } from "../protocol/ledger-digest.js";
import type { PinnedKey } from "../proofs/pinned-key.js";
import type { ChainReader, ChainReceipt } from "./chain-port.js";
import type { ReadReceipt } from "./read-receipt.js";

/** The node is on the chain, and knows the ledger, that the receipt was signed for. */
export function checkChainId({ statement }: ReadReceipt, { deployment }: ChainReader): string {
  same("the node is on another chain", deployment.chainId, statement.chainId);
  same("the receipt is of another ledger", deployment.receiptLedger, statement.ledger);
  return `chain ${deployment.chainId}, ledger ${deployment.receiptLedger}`;
}

/** The transaction is in the block that the receipt names, and succeeded. */
export async function checkTransaction({ file: { anchor } }: ReadReceipt, chain: ChainReader): Promise<string> {
  const tx = await chain.transaction(anchor.txHash);
  ensure(tx !== undefined, "receipt_invalid", "no block holds the transaction", { txHash: anchor.txHash });
  ensure(tx.succeeded, "receipt_invalid", "the transaction was reverted", { txHash: anchor.txHash });
  same("the transaction is to another contract", tx.to ?? "none", anchor.ledger);
  same("the transaction is in another block", tx.blockNumber, anchor.blockNumber);
  same("the block has another hash", tx.blockHash, anchor.blockHash);
  same("the block has another time", tx.blockTime, anchor.blockTime);
  same("the transaction used other gas", tx.gasUsed, anchor.gasUsed);
  const above = (await chain.head()).number - tx.blockNumber;
  return `transaction ${anchor.txHash} in block ${tx.blockNumber} (${tx.blockHash}), ${above} blocks above it`;
}

/** As many blocks are above the receipt's as the verifier asks for: until then a reorganisation may still take it back. */
export async function checkConfirmations({ file: { anchor } }: ReadReceipt, chain: ChainReader, needed: number): Promise<string> {
  const above = (await chain.head()).number - anchor.blockNumber;
  ensure(above >= needed, "receipt_invalid", "too few blocks are above the receipt's", { confirmations: above, needed });
  return `${above} blocks are above the receipt's, ${needed} are asked for`;
}

/** The ledger stores K under J, and accepted it with these signals, from this worker, in this transaction. */
export async function checkRecorded({ statement, file: { anchor } }: ReadReceipt, chain: ChainReader): Promise<string> {
  const stored = await chain.receipt(statement.jobBinding);
  ensure(stored !== undefined, "receipt_invalid", "the ledger has no receipt for this job", { jobBinding: statement.jobBinding });
  same("the ledger stores another result for this job", stored, statement.resultCommitment);
  const record = await recordOf(chain, statement.jobBinding);
  same("another program was recorded", toHex(record.programId), toHex(ledgerProgramId(statement.program)));
  same("another worker was recorded", record.worker, statement.worker.ledgerAddress);
  same("another as-of day was recorded", record.asOfDay, statement.asOfDay);
  same("another source class was recorded", record.sourceClass, statement.sourceClass);
  same("recorded by another transaction", record.txHash, anchor.txHash);
  same("recorded in another block", record.blockNumber, anchor.blockNumber);
  return "the ledger stores this result for this job";
}

/** The ledger accepts a receipt only under a root that it knows at that block; it accepted this one under R. */
export async function checkRoot({ statement }: ReadReceipt, chain: ChainReader): Promise<string> {
  const record = await recordOf(chain, statement.jobBinding);
  same("accepted under another registry root", record.registryRoot, statement.registryRoot);
  same("the ledger's record and the receipt differ on whether the dataset is proved", record.proved, statement.datasetProved);
  return `root of the registry of ${record.proved ? "proved datasets" : "datasets"} was known at block ${record.blockNumber}`;
}

/** A registration may wait for the ledger; an appraisal that is dated back further could hide a revocation. */
const REGISTRATION_DELAY_SECONDS = 3600;

/** A later revocation does not undo what the ledger accepted, as the proof does not rest on the worker; it is shown. */
export async function checkWorkerRegistered({ statement, file: { certificate, anchor } }: ReadReceipt, chain: ChainReader): Promise<string> {
  const account = statement.worker.ledgerAddress;
  const worker = await chain.worker(account);
  ensure(worker !== undefined, "receipt_invalid", "the worker was never registered", { account });
  ensure(anchor.blockTime <= worker.notAfter, "receipt_invalid", "recorded after the worker's registration ended",
    { blockTime: anchor.blockTime, notAfter: worker.notAfter });
  same("the worker was registered with another certificate", toHex(worker.evidenceDigest), toHex(certificateDigest(certificate)));
  same("the ledger's record and the receipt differ on whether this was simulated", worker.anchor === "sim", statement.simulated);
  const registered = await chain.workerRegisteredAt(account, worker.evidenceDigest);
  ensure(registered !== undefined, "receipt_invalid", "the ledger never announced the worker's registration", { account });
  const delay = registered - certificate.appraisedAt;
  ensure(Math.abs(delay) <= REGISTRATION_DELAY_SECONDS, "receipt_invalid", "the evidence was appraised long before or after its registration",
    { appraisedAt: certificate.appraisedAt, registeredAt: registered, limitSeconds: REGISTRATION_DELAY_SECONDS });
  return `worker ${account} is registered with this certificate, appraised ${delay} s before its block${worker.revoked ? "; it was REVOKED since" : ""}`;
}

export async function checkProgramKey(name: string, chain: ChainReader, key: PinnedKey): Promise<string> {
  const program = await chain.program(name);
  ensure(program !== undefined, "receipt_invalid", "the ledger does not know the program", { program: name });
  same("the ledger verifies under another key", toHex(program.keySha256), toHex(key.sha256));
  same("the ledger labels the parameters otherwise", program.developmentParameters, key.development);
  return `the ledger verifies ${name} under the pinned key${program.retired ? "; it was RETIRED since" : ""}`;
}

async function recordOf(chain: ChainReader, job: Field): Promise<ChainReceipt> {
  const record = await chain.receiptRecord(job);
  if (record === undefined) throw new VeriteeError("receipt_invalid", "the ledger never announced a receipt for this job");
  return record;
}

function same<T extends string | number | bigint | boolean>(complaint: string, found: T, expected: T): void {
  ensure(found === expected, "receipt_invalid", complaint, { found, expected });
}
