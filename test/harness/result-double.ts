import { RESULT_INFO, resultAad } from "../../src/protocol/aad.js";
import { detailPart, gradePart, jobBinding, modelCommitment, pointsPacking, resultCommitment } from "../../src/protocol/commitments.js";
import { signingKey, type Envelope } from "../../src/protocol/dsse.js";
import { field, type Field } from "../../src/protocol/field.js";
import { hpkeSeal } from "../../src/protocol/hpke.js";
import { idBytes, type PartyKey } from "../../src/protocol/ids.js";
import {
  enterpriseResult, modelOpening, platformResult, receiptStatement, sealedResult,
  type EnterpriseResult, type HpkeKey, type PlatformResult, type ReceiptStatement,
} from "../../src/protocol/objects/index.js";
import { openSegment } from "../../src/protocol/sealing.js";
import { aggregate } from "../../src/programs/program.js";
import { score } from "../../src/programs/score.js";
import { encodeScorecard } from "../../src/programs/scorecard.js";
import type { Deal } from "./deal.js";

/** What a worker hands back, before it is sealed. */
export interface HonestResult {
  readonly platform: PlatformResult;
  readonly enterprise: EnterpriseResult;
  readonly statement: ReceiptStatement;
}

const salt = (n: number): Uint8Array => new Uint8Array(31).fill(n);

/** The salt of the deal's model, as a worker with the key sees it. */
async function modelSalt({ model, platform }: Deal): Promise<Uint8Array> {
  const { modelId } = model.manifest.value;
  const context = { kind: "model", owner: platform.signing.publicKey, subject: modelId, version: 0, index: 0 } as const;
  return modelOpening.decode(await openSegment(model.modelKey, context, model.ciphertext)).salt;
}

/** The commitments of a result, from its parts. */
export function commitTo(result: PlatformResult): { readonly detail: Field; readonly result: Field } {
  const grade = gradePart({ ...result, job: jobBinding(idBytes(result.job)), termsAmount: Number(result.termsAmount) });
  const detail = detailPart({ model: result.modelCommitment, points: pointsPacking(result.features.map((f) => f.points)), score: result.score, detailSalt: result.detailSalt });
  return { detail, result: resultCommitment(grade, detail) };
}

/** The right result of the deal's job; the proof is not one, for nobody here looks at it. */
export async function honestResult(deal: Deal): Promise<HonestResult> {
  const { program, records, terms } = deal.input;
  const card = program.defaultModel;
  const features = program.features(aggregate(program, records, terms) as never, terms);
  const scoring = score(card, features);
  const unbound = {
    job: deal.job.id, modelCommitment: modelCommitment(program.tag, encodeScorecard(card), await modelSalt(deal)),
    features: features.map((f, j) => ({ name: f.name, value: Number(f.value), points: scoring.points[j] as number })),
    score: scoring.score, gradeIndex: scoring.gradeIndex, grade: scoring.grade, reasons: scoring.reasons,
    leaf: deal.dataset.manifest.value.leaf, asOfDay: terms.asOfDay, termsAmount: BigInt(terms.termsAmount),
    gradeSalt: salt(1), detailSalt: salt(2), resultCommitment: field(0),
  };
  const committed = commitTo(unbound);
  const platform: PlatformResult = { ...unbound, resultCommitment: committed.result };
  return { platform, enterprise: forEnterprise(platform), statement: statementOf(deal, platform) };
}

export function forEnterprise(result: PlatformResult): EnterpriseResult {
  const { job, leaf, asOfDay, termsAmount, gradeIndex, grade, reasons, gradeSalt, resultCommitment: k } = result;
  return { job, leaf, asOfDay, termsAmount, gradeIndex, grade, reasons, gradeSalt, resultCommitment: k, detailCommitment: commitTo(result).detail, detail: undefined };
}

const coordinate = new Uint8Array(32).fill(1);

export function statementOf(deal: Deal, result: PlatformResult): ReceiptStatement {
  return {
    program: deal.input.program.id, registryRoot: field(1), resultCommitment: commitTo(result).result, jobBinding: jobBinding(idBytes(deal.job.id)),
    asOfDay: result.asOfDay, sourceClass: 0, proof: { a: [coordinate, coordinate], b: [coordinate, coordinate, coordinate, coordinate], c: [coordinate, coordinate] },
    verificationKeySha256: coordinate, worker: deal.worker.identity, ledgerSignature: new Uint8Array(65), createdAt: deal.clock.now(),
    chainId: 31337, ledger: deal.coordinator.deploymentView.receiptLedger, developmentParameters: true, simulated: true, datasetProved: false,
  };
}

export const signStatement = (deal: Deal, statement: ReceiptStatement): Envelope => receiptStatement.sign(statement, deal.worker.signing).envelope;

export const sealForPlatform = (deal: Deal, result: PlatformResult): Promise<Envelope> =>
  seal(deal, deal.platform.signing.publicKey, deal.job.value.resultKey, platformResult.encode(result));

export const sealForEnterprise = (deal: Deal, result: EnterpriseResult): Promise<Envelope> =>
  seal(deal, deal.enterprise.signing.publicKey, deal.grant.value.resultKey, enterpriseResult.encode(result));

async function seal(deal: Deal, recipient: PartyKey, key: HpkeKey, plaintext: Uint8Array): Promise<Envelope> {
  const box = await hpkeSeal(key, RESULT_INFO, resultAad(deal.job.id, recipient), plaintext);
  return sealedResult.sign({ job: deal.job.id, recipient, box }, deal.worker.signing).envelope;
}

/** The same sealed result under another worker's name. */
export const resignedByStranger = (envelope: Envelope): Envelope =>
  sealedResult.sign(sealedResult.open(envelope).value, signingKey(new Uint8Array(32).fill(9))).envelope;
