import { toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { ledgerProgramId } from "../protocol/ledger-digest.js";
import type { Disclosure } from "../protocol/objects/disclosure.js";
import { PROGRAM_IDS } from "../proofs/artefacts.js";
import { pinnedKeys, type PinnedKey } from "../proofs/pinned-key.js";
import { checkProgramKey } from "./chain-checks.js";
import type { ChainReader, ChainReceipt } from "./chain-port.js";
import { answered, type Checklist } from "./checklist.js";
import { ensureLedger } from "./disclosure-checks.js";
import type { ResultFacts } from "./disclosure-types.js";
import { checkDataset, checkProductionParameters, developmentAllowed } from "./label-checks.js";
import type { VerifyOptions } from "./types.js";
import { dateOf, sourceName } from "./words.js";

/** What the ledger alone shows of a result. */
export interface LedgerResult {
  readonly facts: ResultFacts;
  /** under which the score was proved */
  readonly key: PinnedKey;
}

/**
 * That the ledger accepted K for J, under a score key that this verifier pins. Hardware and recalls are about the worker, which
 * only the receipt shows: where they are asked for, the ledger alone does not do.
 */
export async function ledgerChecks(list: Checklist, disclosure: Disclosure, chain: ChainReader, options: VerifyOptions): Promise<LedgerResult | undefined> {
  const { requireHardware = false, requireProvedDataset = false, recalls = [], keys = pinnedKeys } = options;
  if (requireHardware || recalls.length > 0) list.blocked(["receipt"], "hardware and recalls can be checked with the receipt only");
  let record: ChainReceipt | undefined;
  await list.run("recorded", answered(async () => {
    record = await recordOf(disclosure, chain);
    return "the ledger accepted this result for this job";
  }));
  if (record === undefined) return undefined;

  const { programId, asOfDay, sourceClass, proved } = record;
  let result: LedgerResult | undefined;
  await list.run("program-key", answered(async () => {
    const program = PROGRAM_IDS.find((id) => toHex(ledgerProgramId(id)) === toHex(programId));
    ensure(program !== undefined, "disclosure_invalid", "the result is of a program that is not known here", { programId: toHex(programId) });
    const key = keys(program);
    result = { key, facts: { program, asOfDate: dateOf(asOfDay), source: sourceName(sourceClass), datasetProved: proved } };
    return checkProgramKey(program, chain, key);
  }));
  await list.run("dataset", () => checkDataset({ datasetProved: proved, sourceClass }, requireProvedDataset));
  const { key } = result ?? {};
  if (!developmentAllowed(options) && key !== undefined) await list.run("production-parameters", () => checkProductionParameters(key));
  return result;
}

async function recordOf({ context, resultCommitment }: Disclosure, chain: ChainReader): Promise<ChainReceipt> {
  ensureLedger(context, chain.deployment);
  const [stored, record] = await Promise.all([chain.receipt(context.jobBinding), chain.receiptRecord(context.jobBinding)]);
  ensure(stored !== undefined && record !== undefined, "disclosure_invalid", "the ledger has no receipt for this job", { jobBinding: context.jobBinding });
  ensure(stored === resultCommitment, "disclosure_invalid", "the ledger stores another result for this job", { found: stored, expected: resultCommitment });
  return record;
}
