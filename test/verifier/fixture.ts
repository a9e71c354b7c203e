// A good receipt from a real run of the worker's code, and the means to change one thing of it at a time: as somebody
// without keys would (the file), or as a worker that lies would (signed again).
import { create, toBinary } from "@bufbuild/protobuf";
import type { WorkerKeys } from "../../enclave/runtime/ports.js";
import { signEnvelope, type Envelope } from "../../src/protocol/dsse.js";
import { receiptDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import { fieldToBytes } from "../../src/protocol/field.js";
import { idBytes } from "../../src/protocol/ids.js";
import { receiptStatement, type ReceiptStatement, type WorkerCertificate } from "../../src/protocol/objects/index.js";
import { receiptToJson, type LedgerAnchor, type ReceiptJson } from "../../src/protocol/receipt-file.js";
import { reportData } from "../../src/protocol/report-data.js";
import { ReceiptStatementSchema } from "../../src/protocol/wire/veritee_pb.js";
import type { PinnedKeys } from "../../src/proofs/pinned-key.js";
import { verificationKeyFromBytes, verificationKeySha256 } from "../../src/proofs/vk.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { verifyReceipt } from "../../src/verifier/verify-receipt.js";
import type { Report, VerifyOptions } from "../../src/verifier/types.js";
import { simulatedKey } from "../contracts/harness/groth16.js";
import { seeded } from "../contracts/harness/rng.js";
import { pinned, runWorker, TEE, type RunOutcome } from "../enclave/harness/worker.js";
import { makeWorld, MEASUREMENT, NOW } from "../enclave/harness/world.js";

export interface Fixture {
  readonly keys: WorkerKeys;
  readonly statement: ReceiptStatement;
  readonly certificate: WorkerCertificate;
  readonly anchor: LedgerAnchor;
}

export const makeFixture = async (seed = "world"): Promise<Fixture> => fixtureOf(await runWorker(await makeWorld({ seed })));

/** The receipt of a run, as the coordinator completes it. */
export function fixtureOf({ keys, completion, failure }: RunOutcome): Fixture {
  if (completion?.receipt === undefined) throw new Error(`the honest worker failed: ${failure?.reason ?? ""}`);
  const { value: statement } = receiptStatement.open(completion.receipt);
  const anchor: LedgerAnchor = {
    chainId: statement.chainId, ledger: statement.ledger, txHash: "0a".repeat(32), blockNumber: 12, blockHash: "0b".repeat(32),
    blockTime: NOW + 5, gasUsed: 300_000,
  };
  return { keys, statement, anchor, certificate: certify(keys) };
}

/** Evidence for a worker's keys, as the registrar got and kept it. */
export function certify(keys: WorkerKeys, tee = TEE, options: Parameters<typeof TEE.quote>[3] = {}): WorkerCertificate {
  const nonce = seeded("registrar").bytes(32);
  const evidence = tee.quote(MEASUREMENT, reportData({ nonce, worker: keys.identity, release: undefined }), NOW - 60, options);
  return { worker: keys.identity, evidence, nonce, appraisedAt: NOW - 60 };
}

export interface Lie {
  readonly statement?: Partial<ReceiptStatement>;
  readonly certificate?: Partial<WorkerCertificate>;
  readonly anchor?: Partial<LedgerAnchor>;
  readonly labels?: Partial<ReceiptJson["labels"]>;
  /** Who signs; the fixture's worker unless another. */
  readonly keys?: WorkerKeys;
}

/** The receipt with some things changed and everything signed anew that the signer can sign. */
export function receiptWith(fixture: Fixture, lie: Lie = {}): ReceiptJson {
  const keys = lie.keys ?? fixture.keys;
  const unsigned = { ...fixture.statement, worker: keys.identity, ...lie.statement };
  const place = { chainId: unsigned.chainId, contract: unsigned.ledger };
  const ledgerSignature = lie.statement?.ledgerSignature ?? signLedger(receiptDigest(place, unsigned.program, unsigned), keys.ledger);
  const envelope = signRaw({ ...unsigned, ledgerSignature }, keys);
  return receiptToJson(
    { statement: envelope, certificate: { ...fixture.certificate, ...lie.certificate }, anchor: { ...fixture.anchor, ...lie.anchor } },
    { simulated: fixture.statement.simulated, developmentParameters: fixture.statement.developmentParameters, ...lie.labels },
  );
}

/** Signs without the checks that our own sign() makes: a liar's tool. */
function signRaw(v: ReceiptStatement, keys: WorkerKeys): Envelope {
  return signEnvelope(receiptStatement.payloadType, encodeRaw(v), keys.signing);
}

export function encodeRaw(v: ReceiptStatement, raw: { resultCommitment?: Uint8Array } = {}): Uint8Array {
  return toBinary(ReceiptStatementSchema, create(ReceiptStatementSchema, {
    program: v.program, registryRoot: fieldToBytes(v.registryRoot), resultCommitment: fieldToBytes(v.resultCommitment),
    jobBinding: fieldToBytes(v.jobBinding), asOfDay: v.asOfDay, sourceClass: v.sourceClass,
    proof: { a: [...v.proof.a], b: [...v.proof.b], c: [...v.proof.c] }, verificationKeySha256: v.verificationKeySha256,
    worker: { signingKey: idBytes(v.worker.signingKey), ledgerAddress: idBytes(v.worker.ledgerAddress) },
    ledgerSignature: v.ledgerSignature, createdAt: BigInt(v.createdAt), chainId: BigInt(v.chainId), ledger: idBytes(v.ledger),
    developmentParameters: v.developmentParameters, simulated: v.simulated, datasetProved: v.datasetProved, ...raw,
  }));
}

/** A second program's key, so that one program's proof can be passed off as another's. */
export const otherProving = simulatedKey(seeded("another proving key"), 5);
const otherVerifying = verificationKeyFromBytes(otherProving.bytes);
export const otherKeySha256 = verificationKeySha256(otherVerifying);

export const keys: PinnedKeys = (program) => {
  if (program === "sme-invoice/1") return pinned;
  if (program === "retail-account/1") return { key: otherVerifying, sha256: otherKeySha256, development: true };
  throw new VeriteeError("unsupported", "no circuit for this program", { program });
};

export const OPTIONS: VerifyOptions = { anchors: { sim: TEE.anchors() }, keys, allowDevelopmentParameters: true };

export const verify = (json: unknown, options: Partial<VerifyOptions> = {}): Promise<Report> => verifyReceipt(json, { ...OPTIONS, ...options });

export const failing = (report: Report): string[] => report.checks.filter((c) => !c.ok).map((c) => c.name);
