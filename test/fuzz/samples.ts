// One valid example of every object that arrives from elsewhere, to be mutated.
import { create, toBinary } from "@bufbuild/protobuf";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { scorecardJson } from "../../src/programs/scorecard.js";
import { encodeChunk } from "../../src/protocol/chunks.js";
import { envelopeToBytes, signingKey } from "../../src/protocol/dsse.js";
import { toHex, type Bytes } from "../../src/protocol/bytes.js";
import { endorsementToJson } from "../../src/protocol/endorsement-file.js";
import { fieldFromDigest, type Field } from "../../src/protocol/field.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";
import { endorseDigest, ledgerAddress, ledgerKeyFromRandom, signLedger } from "../../src/protocol/ledger-digest.js";
import * as objects from "../../src/protocol/objects/index.js";
import { CompletionSchema, FailureSchema, LeaseSchema, ProgressSchema } from "../../src/protocol/wire/veritee_pb.js";
import { seededRandom } from "../harness/seeded.js";

const random = seededRandom("samples");
const key = signingKey(random(32));
const id = (bytes = 32): never => toHex(random(bytes)) as never;
const element = (): Field => fieldFromDigest(random(32));
const policy = { allowedMeasurements: [id(48), id(48)], allowedAnchors: ["sim", "intel"] as const };
const hpkeKey = { suite: 1, publicKey: random(32) } as const;
const box = { suite: 1, enc: random(32), ciphertext: random(60) } as const;
const worker = { signingKey: key.publicKey, ledgerAddress: id(20) };
const evidence = { platform: "sim", evidence: random(80), collateral: random(40) };
const points = () => ({ a: [random(32), random(32)], b: [random(32), random(32), random(32), random(32)], c: [random(32), random(32)] }) as never;
const segment = (index: number, commitment?: Field) => ({ index, ciphertext: id(), ciphertextLength: 1000, commitment });
const features = [{ name: "n_supp", value: 7, points: -12 }, { name: "growth", value: 3, points: 30 }];
const subject = { job: id(), leaf: element(), asOfDay: 19_000, termsAmount: 5n, gradeIndex: 2, grade: "B", reasons: [{ code: "R1", pointsLost: 3 }], gradeSalt: random(31), resultCommitment: element() };

const VALUES = {
  datasetManifest: { program: "sme-invoice/1", owner: key.publicKey, datasetId: random(32), datasetVersion: 1, segments: [segment(0), segment(1, element())], datasetRoot: element(), aggregateCommitment: element(), leaf: element(), sourceClass: 0, createdAt: 1, registryAuthority: id(20) },
  datasetOpening: { asOfDay: 19_000, termsAmount: 7n, aggregateSalt: random(31), recordCount: 12, sourceKey: element() },
  grant: { owner: key.publicKey, dataset: id(), programs: ["sme-invoice/1"], grantee: id(), purpose: "credit", notBefore: 1, notAfter: 2, maxUses: 3, ...policy, nonce: random(32), resultKey: hpkeKey },
  revocation: { owner: key.publicKey, grant: id(), revokedAt: 5 },
  modelManifest: { program: "sme-invoice/1", platform: key.publicKey, modelCommitment: element(), sealedModel: segment(0), modelId: random(32), createdAt: 1 },
  modelOpening: { scorecardJson: scorecardJson(smeInvoice.defaultModel), salt: random(31) },
  jobRequest: { program: "sme-invoice/1", platform: key.publicKey, dataset: id(), grant: id(), model: id(), purpose: "credit", nonce: random(32), createdAt: 1, notAfter: 2, resultKey: hpkeKey, ...policy, releaseRule: "full", requireProvedDataset: true },
  keyRequest: { job: id(), holder: id(), subject: id(), worker, nonce: random(32) },
  keyChallenge: { request: id(), nonce: random(32), policyId: id(), expiresAt: 9 },
  keyEvidence: { request: id(), challenge: id(), replyKey: hpkeKey, evidence },
  keyReply: { request: id(), challenge: id(), outcome: { kind: "released", box } },
  proofRequest: { owner: key.publicKey, dataset: id(), program: "sme-invoice/1", nonce: random(32), createdAt: 1, notAfter: 2, statements: [0, 1, 2], ...policy },
  receiptStatement: { program: "sme-invoice/1", registryRoot: element(), resultCommitment: element(), jobBinding: element(), asOfDay: 19_000, sourceClass: 0, proof: points(), verificationKeySha256: random(32), worker, ledgerSignature: random(65), createdAt: 1, chainId: 31337, ledger: id(20), developmentParameters: true, simulated: true, datasetProved: false },
  platformResult: { ...subject, modelCommitment: element(), features, score: 612, detailSalt: random(31) },
  enterpriseResult: { ...subject, detailCommitment: element(), detail: { score: 612, features } },
  sealedResult: { job: id(), recipient: id(), box },
} as const;

type Signable = keyof typeof VALUES;
const typeOf = (name: Signable) => objects[name] as unknown as objects.ObjectType<unknown>;

/** Payloads, by the object's name; `decode` reads one. */
export const PAYLOADS: readonly { readonly name: string; readonly bytes: Bytes; readonly read: (bytes: Bytes) => unknown }[] =
  (Object.keys(VALUES) as Signable[]).map((name) => ({ name, bytes: typeOf(name).encode(VALUES[name]), read: (bytes) => typeOf(name).decode(bytes) }));

const statement = objects.receiptStatement.sign(VALUES.receiptStatement as never, key).envelope;
const result = objects.sealedResult.sign(VALUES.sealedResult as never, key).envelope;
const certificate = { worker, evidence, nonce: random(32), appraisedAt: 5 };
const disclosure = {
  context: { chainId: 1, ledger: id(20), jobBinding: element(), recipient: "somebody", expiresAt: 9 }, claim: { scoreAtLeast: 600, gradeAtMost: undefined, owner: key.publicKey, model: element() },
  resultCommitment: element(), proof: points(), verificationKeySha256: random(32), developmentParameters: true,
} as const;
const datasetProof = {
  program: "sme-invoice/1", leaf: element(), datasetRoot: element(), sourceClass: 1, sourceKey: element(), states: [element(), element(), element()], chunks: [points(), points()], dataset: points(),
  ingestKeySha256: random(32), datasetKeySha256: random(32), endorsement: random(65),
};

export const ENVELOPE = envelopeToBytes(statement);
export const CERTIFICATE = objects.certificateToBytes(certificate);
export const DISCLOSURE = objects.disclosureToBytes(disclosure);
export const DATASET_PROOF = objects.datasetProofToBytes(datasetProof);
export const ENDORSEMENT_REQUEST = objects.endorsementRequestToBytes({ manifest: objects.datasetManifest.sign(VALUES.datasetManifest as never, key), segments: [random(50), random(50)], dataKey: box });
export const COMPLETION = toBinary(CompletionSchema, create(CompletionSchema, { receipt: statement, results: [result], timingsJson: new TextEncoder().encode('{"prove":1}') }));
export const PROGRESS = toBinary(ProgressSchema, create(ProgressSchema, { phase: "prove", percent: 50 }));
export const FAILURE = toBinary(FailureSchema, create(FailureSchema, { code: "key_timeout", reason: "no broker", retryable: true }));
export const LEASE = toBinary(LeaseSchema, create(LeaseSchema, { jobId: random(32), attempt: 1, leaseToken: random(16), expiresAt: 9n, now: 8n, job: statement, grant: result, chainId: 1n, ledger: random(20) }));
export const CHUNK = encodeChunk(smeInvoice, { index: 1, salt: random(31), records: [1, 2, 3].map((tag) => ({ day: 18_000 + tag, direction: 0, kind: 1, status: 0, amount: 100, balance: null, daysLate: 0, tag })) });

export const RECEIPT_FILE = {
  format: "veritee-receipt/1", labels: { simulated: true, developmentParameters: true }, statement: Buffer.from(ENVELOPE).toString("base64"), certificate: Buffer.from(CERTIFICATE).toString("base64"),
  anchor: { chainId: 31337, ledger: "11".repeat(20), txHash: "22".repeat(32), blockNumber: 5, blockHash: "33".repeat(32), blockTime: 7, gasUsed: 9 },
};
export const DISCLOSURE_FILE = { format: "veritee-disclosure/1", labels: { developmentParameters: true }, disclosure: Buffer.from(DISCLOSURE).toString("base64") };
export const CARD_FILE = { format: "veritee-source/1", account: "11".repeat(20), sourceClass: 2, key: "22".repeat(32) };
const account = ledgerKeyFromRandom(random(48));
const endorsed = { program: "sme-invoice/1", leaf: element(), chainId: 1, sourceRegistry: "22".repeat(20) as LedgerAddress };
export const ENDORSEMENT_FILE = endorsementToJson({
  ...endorsed, source: ledgerAddress(account), signature: signLedger(endorseDigest({ chainId: 1, contract: endorsed.sourceRegistry }, endorsed.program, endorsed.leaf), account),
});
export const JOB_VIEW = { id: "11".repeat(32), state: "failed", attempt: 2, phase: "prove", error: { code: "internal", reason: "x" }, createdAt: 1, updatedAt: 2, finality: { state: "mined", confirmations: 1, needed: 12 } };
export const SCORECARD = JSON.parse(scorecardJson(smeInvoice.defaultModel)) as unknown;
export { key as SIGNER };
