// What the holder of a result does to show something of it: the platform opens both parts of K, the enterprise only its grade.
import { disclosureInput, type OpenedCommitment } from "../../programs/disclosure-input.js";
import { programById } from "../../programs/registry.js";
import { jobBinding, pointsPacking, ownerField, type GradeParts, type LeafParts } from "../../protocol/commitments.js";
import type { Claim, DisclosureContext } from "../../protocol/disclosure.js";
import { ensure } from "../../protocol/errors.js";
import { field, type Field } from "../../protocol/field.js";
import { idBytes, type JobId, type LedgerAddress } from "../../protocol/ids.js";
import { sourceKeyOf } from "../../protocol/ledger-digest.js";
import { receiptStatement, type DatasetManifest, type Disclosure, type EnterpriseResult, type PlatformResult, type ReceiptStatement } from "../../protocol/objects/index.js";
import { proofToWire } from "../../proofs/codec.js";
import type { PinnedKey } from "../../proofs/pinned-key.js";
import type { Prover } from "../../proofs/prover.js";
import { verifyProof } from "../../proofs/verify.js";
import { receiptFromJson } from "../../protocol/receipt-file.js";
import { openKeptEnterpriseResult } from "./enterprise-result.js";
import type { Home } from "./home.js";
import { openKeptPlatformResult } from "./platform.js";
import { keptResult } from "./results.js";

export interface DisclosureRequest {
  /** parsed JSON of the receipt */
  readonly receipt: unknown;
  readonly scoreAtLeast: number | undefined;
  /** name of a grade, or its rank from 1 */
  readonly gradeAtLeast: string | undefined;
  readonly showOwner: boolean;
  readonly showModel: boolean;
  /** who endorsed the dataset; needed to show the owner of endorsed data */
  readonly source: LedgerAddress | undefined;
  readonly recipient: string;
  /** Unix seconds */
  readonly expiresAt: number;
}

export interface DisclosureProver {
  readonly prover: Prover;
  /** of the disclosure circuit, under which the prover proves */
  readonly key: PinnedKey;
}

/** A result as its holder knows it. */
interface Held {
  readonly opened: OpenedCommitment;
  readonly dataset: DatasetManifest;
  /** M; undefined for an enterprise */
  readonly model: Field | undefined;
  /** names of grades that the holder knows, by index */
  readonly grades: ReadonlyMap<string, number>;
}

/**
 * Proves that the result behind a receipt meets a claim. Offline: the result was fetched when it was opened.
 * @throws claim_false, commitment_mismatch, not_found (the result was not opened yet), input_invalid
 */
export async function disclose(home: Home, { prover, key: pinned }: DisclosureProver, request: DisclosureRequest): Promise<Disclosure> {
  const { value: statement } = receiptStatement.open(receiptFromJson(request.receipt).statement);
  const held = await openHeld(home, request.receipt, statement);
  const claim = claimOf(held, request);
  const context: DisclosureContext = {
    chainId: statement.chainId, ledger: statement.ledger, jobBinding: statement.jobBinding, recipient: request.recipient, expiresAt: request.expiresAt,
  };
  const leaf = request.showOwner ? { leaf: leafParts(held, statement, request.source) } : {};
  const { input, signals } = disclosureInput(statement.resultCommitment, { ...held.opened, ...leaf }, claim, context);
  const { proof } = await prover.prove("disclose", input);
  const { key, sha256, development } = pinned;
  verifyProof(key, signals, proof);
  const { a, b, c } = proofToWire(proof);
  return { context, claim, resultCommitment: statement.resultCommitment, proof: { a, b, c }, verificationKeySha256: sha256, developmentParameters: development };
}

async function openHeld(home: Home, receipt: unknown, { jobBinding: binding }: ReceiptStatement): Promise<Held> {
  const kept = await keptResult(home, binding);
  const { statement } = receiptFromJson(receipt);
  if (home.role === "platform") {
    const { result, model } = await openKeptPlatformResult(home, kept, statement);
    return {
      opened: {
        grade: gradeParts(kept.job, result),
        detail: { model: result.modelCommitment, points: pointsPacking(result.features.map((f) => f.points)), score: result.score, detailSalt: result.detailSalt },
      },
      dataset: kept.dataset.value,
      model: result.modelCommitment,
      grades: new Map(model.scorecard.grades.map(({ grade }, i) => [grade, i])),
    };
  }
  const result = await openKeptEnterpriseResult(home, kept, statement);
  return {
    opened: { grade: gradeParts(kept.job, result), detail: result.detailCommitment },
    dataset: kept.dataset.value,
    model: undefined,
    grades: new Map([[result.grade, result.gradeIndex]]),
  };
}

const gradeParts = (job: JobId, result: PlatformResult | EnterpriseResult): GradeParts => ({
  job: jobBinding(idBytes(job)), leaf: result.leaf, asOfDay: result.asOfDay, termsAmount: Number(result.termsAmount),
  gradeIndex: result.gradeIndex, gradeSalt: result.gradeSalt,
});

function claimOf({ grades, dataset, model }: Held, { scoreAtLeast, gradeAtLeast, showOwner, showModel }: DisclosureRequest): Claim {
  ensure(!showModel || model !== undefined, "input_invalid", "only the platform can show the model: to others it is closed", { field: "show-model" });
  return {
    scoreAtLeast,
    gradeAtMost: gradeAtLeast === undefined ? undefined : gradeIndex(grades, gradeAtLeast),
    owner: showOwner ? dataset.owner : undefined,
    model: showModel ? model : undefined,
  };
}

function gradeIndex(grades: ReadonlyMap<string, number>, wanted: string): number {
  const index = grades.get(wanted) ?? (/^[1-7]$/.test(wanted) ? Number(wanted) - 1 : undefined);
  ensure(index !== undefined, "input_invalid", "not a grade that is known here: give its name, or its rank, 1 for the best", {
    field: "grade-at-least", found: wanted, known: [...grades.keys()].join(", "),
  });
  return index;
}

function leafParts({ dataset, opened: { grade } }: Held, { program }: ReceiptStatement, source: LedgerAddress | undefined): LeafParts {
  const { sourceClass, owner, datasetRoot, aggregateCommitment } = dataset;
  ensure(sourceClass === 0 || source !== undefined, "input_invalid", "the data are endorsed: name the source's account to show the owner", { field: "source" });
  return {
    programTag: programById(program).tag, owner: ownerField(idBytes(owner)), sourceClass, sourceKey: source === undefined || sourceClass === 0 ? field(0) : sourceKeyOf(source),
    asOfDay: grade.asOfDay, termsAmount: grade.termsAmount, datasetRoot, aggregates: aggregateCommitment,
  };
}
