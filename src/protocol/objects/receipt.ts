import { create, toBinary } from "@bufbuild/protobuf";
import type { Bytes } from "../bytes.js";
import { decodeCanonical } from "../canonical.js";
import { VeriteeError } from "../errors.js";
import { fieldToBytes, type Field } from "../field.js";
import { digest } from "../hash.js";
import { idBytes, idFromBytes, type LedgerAddress, type ObjectId } from "../ids.js";
import { ReceiptStatementSchema, WorkerCertificateSchema } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readEvidence, readIdentity, writeEvidence, writeIdentity, type Evidence, type WorkerIdentity } from "./parts.js";
import { readProof, writeProof, type ProofBytes } from "./proof-bytes.js";
import { count, element, fixed, required, text, within } from "./read.js";

export interface ReceiptStatement {
  readonly program: string;
  readonly registryRoot: Field;
  readonly resultCommitment: Field;
  readonly jobBinding: Field;
  readonly asOfDay: number;
  readonly sourceClass: number;
  readonly proof: ProofBytes;
  readonly verificationKeySha256: Bytes;
  readonly worker: WorkerIdentity;
  /** 65 bytes r, s, v (27 or 28) over the ledger digest (docs/protocol.md 8). */
  readonly ledgerSignature: Bytes;
  readonly createdAt: number;
  readonly chainId: number;
  readonly ledger: LedgerAddress;
  readonly developmentParameters: boolean;
  readonly simulated: boolean;
  /** R is a root of the registry of proved datasets: the aggregates are those of the records, whatever the worker is. */
  readonly datasetProved: boolean;
}

export const receiptStatement = defineObject<ReceiptStatement, ObjectId, typeof ReceiptStatementSchema>({
  name: "receipt-statement",
  schema: ReceiptStatementSchema,
  signer: (v) => v.worker.signingKey,
  parse: (m) => ({
    program: text("program", m.program, 64),
    registryRoot: element("registry_root", m.registryRoot),
    resultCommitment: element("result_commitment", m.resultCommitment),
    jobBinding: element("job_binding", m.jobBinding),
    asOfDay: within("as_of_day", m.asOfDay, 0, 65535),
    sourceClass: within("source_class", m.sourceClass, 0, 5),
    proof: readProof("proof", required("proof", m.proof)),
    verificationKeySha256: fixed("verification_key_sha256", m.verificationKeySha256, 32),
    worker: readIdentity("worker", m.worker),
    ledgerSignature: fixed("ledger_signature", m.ledgerSignature, 65),
    createdAt: count("created_at", m.createdAt),
    chainId: count("chain_id", m.chainId),
    ledger: idFromBytes(m.ledger, 20, "ledger"),
    developmentParameters: m.developmentParameters,
    simulated: m.simulated,
    datasetProved: m.datasetProved,
  }),
  build: (v) => ({
    program: v.program,
    registryRoot: fieldToBytes(v.registryRoot),
    resultCommitment: fieldToBytes(v.resultCommitment),
    jobBinding: fieldToBytes(v.jobBinding),
    asOfDay: v.asOfDay,
    sourceClass: v.sourceClass,
    proof: writeProof(v.proof),
    verificationKeySha256: v.verificationKeySha256,
    worker: writeIdentity(v.worker),
    ledgerSignature: v.ledgerSignature,
    createdAt: BigInt(v.createdAt),
    chainId: BigInt(v.chainId),
    ledger: idBytes(v.ledger),
    developmentParameters: v.developmentParameters,
    simulated: v.simulated,
    datasetProved: v.datasetProved,
  }),
});

/** A worker's keys with the evidence that vouches for them. Not signed: the evidence is what is signed. */
export interface WorkerCertificate {
  readonly worker: WorkerIdentity;
  readonly evidence: Evidence;
  /** The registrar's challenge that the evidence answers. */
  readonly nonce: Bytes;
  readonly appraisedAt: number;
}

export function certificateToBytes(v: WorkerCertificate): Bytes {
  return toBinary(WorkerCertificateSchema, create(WorkerCertificateSchema, {
    worker: writeIdentity(v.worker), evidence: writeEvidence(v.evidence), nonce: v.nonce, appraisedAt: BigInt(v.appraisedAt),
  }));
}

/**
 * What the ledger records of a worker: the whole certificate, so that its evidence, collateral and the time of appraisal,
 * which nobody signs, are fixed by the block that registered it.
 */
export const certificateDigest = (certificate: WorkerCertificate): Bytes => digest("veritee/worker-certificate/v1", certificateToBytes(certificate));

/** @throws input_invalid */
export function certificateFromBytes(bytes: Bytes): WorkerCertificate {
  try {
    const m = decodeCanonical(WorkerCertificateSchema, bytes);
    return {
      worker: readIdentity("worker", m.worker),
      evidence: readEvidence("evidence", m.evidence),
      nonce: fixed("nonce", m.nonce, 32),
      appraisedAt: count("appraised_at", m.appraisedAt),
    };
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("input_invalid", "not a worker certificate", {}, { cause });
  }
}
