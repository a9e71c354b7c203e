// Receipts judged by what judges them in real life: the ledger, the platform that opens the result, the verifier with its node.
import type { Abi } from "viem";
import { proofWords } from "../../src/chain/encode.js";
import { receiptLedgerAbi } from "../../src/chain/generated/receipt-ledger.js";
import { refusalName } from "../../src/chain/refusals.js";
import { RESULT_INFO, resultAad } from "../../src/protocol/aad.js";
import { concat, equalBytes, fromHex, toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import type { SigningKey } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { R, type Field } from "../../src/protocol/field.js";
import { sha256 } from "../../src/protocol/hash.js";
import { hpkeSeal } from "../../src/protocol/hpke.js";
import { ledgerProgramId, recoverLedger, signLedger, type LedgerSignals } from "../../src/protocol/ledger-digest.js";
import { enterpriseResult, platformResult, receiptStatement, sealedResult, type EnterpriseResult, type PlatformResult, type ProofBytes, type ReceiptStatement, type WorkerCertificate } from "../../src/protocol/objects/index.js";
import { receiptToJson, type LedgerAnchor } from "../../src/protocol/receipt-file.js";
import { openEnterpriseResult } from "../../src/enterprise/open-result.js";
import { openPlatformResult } from "../../src/platform/open-result.js";
import { proofFromLedger } from "../../src/proofs/codec.js";
import { pinnedKeys } from "../../src/proofs/pinned-key.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { verifyReceipt } from "../../src/verifier/verify-receipt.js";
import { CHAIN_ID, type Ground } from "./ground.js";
import { ANCHORS, type WorkerKeys } from "./liar.js";
import { program as sme, type Job, type Parties, type Sealed } from "./parties.js";
import { ACCEPTED, refusedBy, type Verdict } from "./play.js";

/** What a worker hands over: to the ledger, to the platform, to whoever verifies. */
export interface Told {
  readonly job: Job;
  readonly signals: LedgerSignals;
  readonly proof: ProofBytes;
  readonly result: PlatformResult;
  readonly program?: string;
  readonly keys?: WorkerKeys;
  /** instead of a right one by the keys */
  readonly ledgerSignature?: Bytes;
  readonly statement?: Partial<ReceiptStatement>;
  readonly certificate?: Partial<WorkerCertificate>;
  /** who seals and signs the result */
  readonly sealer?: SigningKey;
  /** to whom and for which job the result is sealed */
  readonly sealedFor?: Partial<{ job: Job["id"]; recipient: string }>;
  /** what the platform takes the result to be of */
  readonly dataset?: Sealed;
}

/** A submission in the contract's own words, which need not be canonical. */
export interface Raw {
  readonly programId: Bytes;
  readonly signals: readonly bigint[];
  readonly proof: readonly bigint[];
  readonly signature: Bytes;
}

const RECEIPT_DOMAIN = sha256(utf8("veritee/ledger/receipt/v1"));
export const word = (v: bigint): Bytes => fromHex(v.toString(16).padStart(64, "0"));
export const wordsOf = (s: LedgerSignals): bigint[] => [s.registryRoot, s.resultCommitment, s.jobBinding, BigInt(s.asOfDay), BigInt(s.sourceClass)];

/** Checks that a judge leaves out, to see that the play notices. */
export interface Blind {
  readonly proof?: boolean;
  readonly opening?: boolean;
}

export type ReceiptJudge = ReturnType<typeof receiptJudge>;

export function receiptJudge(parties: Parties, ground: Ground, options: { twinEvery: number }) {
  const { reader, viem, deployment, liar } = ground;
  const ledger = { address: `0x${deployment.receiptLedger}`, abi: receiptLedgerAbi as Abi } as const;
  let asked = 0;
  let compared = 0;

  const digestOf = (programId: Bytes, signals: readonly bigint[], contract = deployment.receiptLedger, chainId = CHAIN_ID): Bytes =>
    sha256(concat(RECEIPT_DOMAIN, word(BigInt(chainId)), fromHex(contract), programId, ...signals.map(word)));
  const signed = (programId: Bytes, signals: readonly bigint[], keys = liar): Bytes => signLedger(digestOf(programId, signals), keys.ledger);
  const rawOf = ({ signals, proof, keys, ledgerSignature, program = sme.id }: Told): Raw => {
    const [programId, words] = [ledgerProgramId(program), wordsOf(signals)];
    return { programId, signals: words, proof: proofWords(proof), signature: ledgerSignature ?? signed(programId, words, keys) };
  };

  async function chainRefusal({ programId, signals, proof, signature }: Raw): Promise<string | undefined> {
    const args = [`0x${toHex(programId)}`, signals, proof, `0x${toHex(signature)}`];
    const [selector] = (await viem.readContract({ ...ledger, functionName: "check", args })) as [string, boolean];
    return selector === "0x00000000" ? undefined : refusalName(selector);
  }

  /** The contract's questions, asked off chain: pairings by another library, everything else by our own code. */
  async function twinRefusal({ programId, signals, proof, signature }: Raw, blind: Blind = {}): Promise<string | undefined> {
    if (signals.some((s) => s >= R)) return "SignalOutOfRange";
    if (signals[1] === 0n) return "ResultIsZero";
    if ((await reader.receipt(signals[2] as Field)) !== undefined) return "JobHasReceipt";
    const name = ["sme-invoice/1", "retail-account/1"].find((id) => equalBytes(ledgerProgramId(id), programId));
    if (name === undefined) return "ProgramUnknown";
    const root = signals[0] as Field;
    const proved = await reader.isKnownProvedRoot(root);
    if (!proved && !(await reader.isKnownRoot(root))) return "RootUnknown";
    if (!proved && signals[4] !== 0n && HAS_SOURCE_RULE) return "SourceUnproved";
    try {
      const status = await reader.worker(recoverLedger(digestOf(programId, signals), signature));
      if (status?.active !== true) return "WorkerNotActive";
    } catch (error) {
      if (error instanceof VeriteeError) return "SignatureInvalid";
      throw error;
    }
    if (blind.proof === true) return undefined;
    try {
      verifyProof(pinnedKeys(name).key, signals, proofFromLedger(proof));
      return undefined;
    } catch (error) {
      if (error instanceof VeriteeError) return "ProofInvalid";
      throw error;
    }
  }

  /** The ledger's verdict; now and then its twin must agree. */
  async function refusal(raw: Raw): Promise<string | undefined> {
    const answer = await chainRefusal(raw);
    if (asked++ % options.twinEvery === 0) {
      compared++;
      const twin = await twinRefusal(raw);
      if (twin !== answer) throw new Error(`ledger and twin differ: ${answer ?? "accepted"}, ${twin ?? "accepted"}`);
    }
    return answer;
  }

  function statementOf(told: Told, raw: Raw): ReceiptStatement {
    const { signals, proof, program = sme.id, keys = liar } = told;
    return {
      program, ...signals, proof, verificationKeySha256: pinnedKeys(sme.id).sha256, worker: keys.identity, ledgerSignature: raw.signature,
      createdAt: keys.certificate.appraisedAt, chainId: CHAIN_ID, ledger: deployment.receiptLedger, developmentParameters: true, simulated: true,
      datasetProved: false, ...told.statement,
    };
  }

  /** By which check the platform refuses the result, undefined when it takes it. */
  async function openingRefusal(told: Told, statement: ReceiptStatement): Promise<string | undefined> {
    const { job, result, keys = liar, sealer = keys.signing, dataset = parties.datasets.asked } = told;
    const recipient = (told.sealedFor?.recipient ?? parties.platform.signing.publicKey) as typeof parties.platform.signing.publicKey;
    const sealedJob = told.sealedFor?.job ?? job.id;
    try {
      const box = await hpkeSeal(job.value.resultKey, RESULT_INFO, resultAad(sealedJob, recipient), platformResult.encode(result));
      await openPlatformResult(parties.platform, {
        sealed: sealedResult.sign({ job: sealedJob, recipient, box }, sealer).envelope,
        statement: receiptStatement.sign(statement, keys.signing).envelope,
        job, dataset: dataset.manifest, model: parties.model.own, program: sme,
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof VeriteeError)) throw error;
      return `opening: ${typeof error.facts["field"] === "string" ? error.facts["field"] : error.code}`;
    }
  }

  async function verifierRefusal(told: Told, statement: ReceiptStatement, anchor: LedgerAnchor): Promise<string | undefined> {
    const { keys = liar, certificate = {} } = told;
    const file = { statement: receiptStatement.sign(statement, keys.signing).envelope, certificate: { ...keys.certificate, ...certificate }, anchor };
    const { simulated, developmentParameters } = statement;
    const report = await verifyReceipt(receiptToJson(file, { simulated, developmentParameters }), {
      anchors: ANCHORS, allowDevelopmentParameters: true, chain: reader, requireProvedDataset: told.job.value.requireProvedDataset,
      knownLedger: { chainId: CHAIN_ID, receiptLedger: deployment.receiptLedger },
    });
    const failed = report.checks.find((c) => !c.ok);
    return failed === undefined ? undefined : `verifier: ${failed.name}`;
  }

  /** Told to everybody. Accepted when the ledger takes it, the platform opens it and the verifier with its node finds nothing. */
  async function judge(told: Told): Promise<Verdict> {
    const raw = rawOf(told);
    const refused = await refusal(raw);
    if (refused !== undefined) return refusedBy(`ledger: ${refused}`);
    const statement = statementOf(told, raw);
    const unopened = await openingRefusal(told, statement);
    if (unopened !== undefined) return refusedBy(unopened);
    const unverified = await ground.undone(async () => {
      const mined = await ground.sender.submitReceipt({ ...told.signals, program: told.program ?? sme.id, proof: told.proof, ledgerSignature: raw.signature });
      return verifierRefusal(told, statement, { chainId: CHAIN_ID, ledger: deployment.receiptLedger, ...mined });
    });
    return unverified === undefined ? ACCEPTED : refusedBy(unverified);
  }

  /** What the enterprise makes of its part of a result whose receipt is honest. */
  async function judgeEnterprise(told: Told, part: EnterpriseResult, sealer = liar.signing): Promise<Verdict> {
    const { victim, grant, datasets } = parties;
    const recipient = victim.signing.publicKey;
    try {
      const box = await hpkeSeal(grant.value.resultKey, RESULT_INFO, resultAad(told.job.id, recipient), enterpriseResult.encode(part));
      await openEnterpriseResult(victim, {
        sealed: sealedResult.sign({ job: told.job.id, recipient, box }, sealer).envelope,
        statement: receiptStatement.sign(statementOf(told, rawOf(told)), liar.signing).envelope,
        job: told.job.id, dataset: datasets.asked.manifest.value, grant: grant.value,
      });
      return ACCEPTED;
    } catch (error) {
      if (!(error instanceof VeriteeError)) throw error;
      return refusedBy(`enterprise: ${typeof error.facts["field"] === "string" ? error.facts["field"] : error.code}`);
    }
  }

  /** A judge with its eyes shut to something: what it accepts, the real one must not. */
  async function blindJudge(told: Told, blind: Blind): Promise<Verdict> {
    const raw = rawOf(told);
    const refused = await twinRefusal(raw, blind);
    if (refused !== undefined) return refusedBy(`ledger: ${refused}`);
    const unopened = blind.opening === true ? undefined : await openingRefusal(told, statementOf(told, raw));
    return unopened === undefined ? ACCEPTED : refusedBy(unopened);
  }

  return {
    judge, judgeEnterprise, blindJudge, rawOf, digestOf, signed,
    judgeRaw: async (raw: Raw): Promise<Verdict> => {
      const refused = await refusal(raw);
      return refused === undefined ? ACCEPTED : refusedBy(`ledger: ${refused}`);
    },
    comparisons: () => compared,
  };
}

/** Whether this build's ledger refuses a source class without a proved root. */
const HAS_SOURCE_RULE = receiptLedgerAbi.some((e) => e.type === "error" && (e.name as string) === "SourceUnproved");
