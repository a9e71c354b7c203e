import type { Claims } from "../attestation/types.js";
import { toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { fieldToBytes } from "../protocol/field.js";
import { pinnedKeys, type PinnedKey } from "../proofs/pinned-key.js";
import { checkAnchor, checkLedgerKnown } from "./anchor-checks.js";
import { checkChainId, checkConfirmations, checkProgramKey, checkRecorded, checkRoot, checkTransaction, checkWorkerRegistered } from "./chain-checks.js";
import type { ChainReader } from "./chain-port.js";
import { answered, Checklist } from "./checklist.js";
import { checkDataset, checkHardware, checkLabels, checkProductionParameters, developmentAllowed } from "./label-checks.js";
import { readReceipt, type ReadReceipt } from "./read-receipt.js";
import { checkNotRecalled } from "./recall-check.js";
import { checkArtefactPins, checkLedgerSignature, checkProof, checkStatementSignature } from "./statement-checks.js";
import { CHAIN_CHECKS, OFFLINE_CHECKS, type CheckName, type ReceiptFacts, type Report, type VerifyOptions } from "./types.js";
import { dateOf, sourceName } from "./words.js";
import { appraiseWorker, checkWorkerBinding, describeWorker } from "./worker-checks.js";

/**
 * Checks a receipt file (docs/protocol.md 11). Every check runs, whatever the others found, and says in words what it
 * found. Never throws, whatever it is given; without a chain it needs no network.
 * @param receiptJson the parsed JSON of a receipt file
 */
export async function verifyReceipt(receiptJson: unknown, options: VerifyOptions): Promise<Report> {
  const list = new Checklist();
  const receipt = await readAs(list, receiptJson);
  if (receipt === undefined) return report(list, options);

  await list.run("statement-signature", () => checkStatementSignature(receipt));
  const key = await pinnedKey(list, receipt, options);
  await withKey(list, key, "artefact-pins", (k) => checkArtefactPins(receipt, k));
  await list.run("signals-in-range", () => "all five public signals are below r");
  await withKey(list, key, "proof", (k) => checkProof(receipt, k));
  const claims = await workerClaims(list, receipt, options);
  await list.run("worker-binding", () => checkWorkerBinding(receipt));
  await list.run("ledger-signature", () => checkLedgerSignature(receipt));
  await list.run("labels", () => checkLabels(receipt, known(claims, EVIDENCE_REFUSED), known(key, PROGRAM_UNKNOWN)));
  await list.run("dataset", () => checkDataset(receipt.statement, options.requireProvedDataset ?? false));
  await list.run("anchor-consistency", () => checkAnchor(receipt, options.now));
  await productionChecks(list, options, claims, key);
  const { knownLedger, recalls = [] } = options;
  if (recalls.length > 0) await list.run("recalled", () => checkNotRecalled(receipt, claims, recalls));
  if (knownLedger !== undefined) await list.run("ledger-known", () => checkLedgerKnown(receipt, knownLedger));
  if (options.chain !== undefined) await chainChecks(list, receipt, options.chain, key, options.confirmations);
  return report(list, options, receipt, claims, key);
}

const EVIDENCE_REFUSED = "not checked: the worker's evidence was refused";
const PROGRAM_UNKNOWN = "not checked: the program is not known";

function known<T>(value: T | undefined, otherwise: string): T {
  ensure(value !== undefined, "receipt_invalid", otherwise);
  return value;
}

async function readAs(list: Checklist, json: unknown): Promise<ReadReceipt | undefined> {
  const outcome = readReceipt(json);
  if (outcome.kind === "read") {
    await list.run("format", () => "a veritee-receipt/1 file");
    return outcome.receipt;
  }
  const failed: CheckName = outcome.kind === "malformed" ? "format" : "signals-in-range";
  for (const name of OFFLINE_CHECKS) {
    if (name === failed) await list.run(name, () => Promise.reject(outcome.error));
    else if (name === "format") await list.run(name, () => "a veritee-receipt/1 file");
    else list.blocked([name], failed === "format" ? "the receipt cannot be read" : "a public signal is out of range");
  }
  return undefined;
}

async function pinnedKey(list: Checklist, { statement }: ReadReceipt, { keys = pinnedKeys }: VerifyOptions): Promise<PinnedKey | undefined> {
  let key: PinnedKey | undefined;
  await list.run("program-known", () => {
    key = keys(statement.program);
    return `program ${statement.program}`;
  });
  return key;
}

async function withKey(list: Checklist, key: PinnedKey | undefined, name: CheckName, body: (key: PinnedKey) => string | Promise<string>): Promise<void> {
  await list.run(name, () => body(known(key, PROGRAM_UNKNOWN)));
}

async function workerClaims(list: Checklist, receipt: ReadReceipt, options: VerifyOptions): Promise<Claims | undefined> {
  let claims: Claims | undefined;
  await list.run("worker-evidence", async () => {
    claims = await appraiseWorker(receipt, options);
    return describeWorker(claims);
  });
  return claims;
}

async function productionChecks(
  list: Checklist, options: VerifyOptions, claims: Claims | undefined, key: PinnedKey | undefined,
): Promise<void> {
  if (options.requireHardware ?? false) await list.run("hardware", () => checkHardware(known(claims, EVIDENCE_REFUSED)));
  if (!developmentAllowed(options)) await withKey(list, key, "production-parameters", checkProductionParameters);
}

async function chainChecks(list: Checklist, receipt: ReadReceipt, chain: ChainReader, key: PinnedKey | undefined, confirmations: number | undefined): Promise<void> {
  const onChain = await list.run("chain-id", () => checkChainId(receipt, chain));
  if (!onChain) return list.blocked(CHAIN_CHECKS.filter((name) => name !== "chain-id"), "the node is not on the receipt's chain");
  await list.run("transaction", answered(() => checkTransaction(receipt, chain)));
  if (confirmations !== undefined) await list.run("confirmations", answered(() => checkConfirmations(receipt, chain, confirmations)));
  await list.run("recorded", answered(() => checkRecorded(receipt, chain)));
  await list.run("root", answered(() => checkRoot(receipt, chain)));
  await list.run("worker-registered", answered(() => checkWorkerRegistered(receipt, chain)));
  await withKey(list, key, "program-key", (k) => answered(() => checkProgramKey(receipt.statement.program, chain, k))());
}

function report(list: Checklist, { chain, knownLedger }: VerifyOptions, receipt?: ReadReceipt, claims?: Claims, key?: PinnedKey): Report {
  return {
    ok: list.checks.every((c) => c.ok),
    simulated: claims?.simulated ?? true,
    developmentParameters: !list.passed("proof") || (key?.development ?? true),
    chainChecked: chain !== undefined,
    ledgerKnown: knownLedger !== undefined,
    facts: receipt === undefined ? undefined : factsOf(receipt, claims),
    checks: list.checks,
  };
}

function factsOf({ statement: s, file: { anchor, finality } }: ReadReceipt, claims: Claims | undefined): ReceiptFacts {
  return {
    program: s.program,
    asOfDay: s.asOfDay,
    asOfDate: dateOf(s.asOfDay),
    sourceClass: s.sourceClass,
    source: sourceName(s.sourceClass),
    datasetProved: s.datasetProved,
    registryRoot: toHex(fieldToBytes(s.registryRoot)),
    resultCommitment: toHex(fieldToBytes(s.resultCommitment)),
    jobBinding: toHex(fieldToBytes(s.jobBinding)),
    createdAt: s.createdAt,
    worker: s.worker.signingKey,
    ledgerAddress: s.worker.ledgerAddress,
    measurement: claims?.measurement,
    trustAnchor: claims?.anchor,
    chainId: s.chainId,
    ledger: s.ledger,
    txHash: anchor.txHash,
    blockNumber: anchor.blockNumber,
    blockTime: anchor.blockTime,
    finality,
  };
}
