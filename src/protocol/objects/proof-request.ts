import type { Bytes } from "../bytes.js";
import { ensure } from "../errors.js";
import { idBytes, idFromBytes, type DatasetManifestId, type JobId, type PartyKey } from "../ids.js";
import { ProofRequestSchema } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readEnclavePolicy, writeEnclavePolicy, type EnclavePolicy } from "./parts.js";
import { count, fixed, list, text, within } from "./read.js";

/** More chunks than a dataset may have (the dataset circuits count below 2^14), and the statement that opens both ends. */
const MAX_STATEMENTS = 1 << 14;

/**
 * An owner has its dataset's ingest proofs made by workers. It is what they work for, and at once the policy under which the
 * owner's broker gives them the data key.
 */
export interface ProofRequest extends EnclavePolicy {
  readonly owner: PartyKey;
  readonly dataset: DatasetManifestId;
  readonly program: string;
  readonly nonce: Bytes;
  readonly createdAt: number;
  /** Unix seconds, exclusive: no key is released and no lease is given from then on. */
  readonly notAfter: number;
  /** Strictly increasing: i is chunk i, 0 the statement that opens both ends of the chain. */
  readonly statements: readonly number[];
}

export const proofRequest = defineObject<ProofRequest, JobId, typeof ProofRequestSchema>({
  name: "proof-request",
  schema: ProofRequestSchema,
  signer: (v) => v.owner,
  parse: (m) => {
    const createdAt = count("created_at", m.createdAt);
    const notAfter = count("not_after", m.notAfter);
    ensure(createdAt < notAfter, "input_invalid", "a proof request ends after it begins", { createdAt, notAfter });
    const statements = list("statements", m.statements, { min: 1, max: MAX_STATEMENTS }, (s) => within("statements", s, 0, MAX_STATEMENTS - 1));
    ensure(statements.every((s, i) => i === 0 || s > (statements[i - 1] as number)), "input_invalid", "statements do not increase", { field: "statements" });
    return {
      owner: idFromBytes(m.owner, 32, "owner"),
      dataset: idFromBytes(m.datasetManifestId, 32, "dataset_manifest_id"),
      program: text("program", m.program, 64),
      nonce: fixed("nonce", m.nonce, 32),
      createdAt,
      notAfter,
      statements,
      ...readEnclavePolicy(m),
    };
  },
  build: (v) => ({
    owner: idBytes(v.owner),
    datasetManifestId: idBytes(v.dataset),
    program: v.program,
    nonce: v.nonce,
    createdAt: BigInt(v.createdAt),
    notAfter: BigInt(v.notAfter),
    statements: [...v.statements],
    ...writeEnclavePolicy(v),
  }),
});
