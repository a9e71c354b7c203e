import { create } from "@bufbuild/protobuf";
import type { FindBadProofs } from "../../coordinator/outbox/batch.js";
import { proofFromWire } from "../../proofs/codec.js";
import { pinnedKeysOf, type Parameters } from "../../proofs/parameters.js";
import type { Groth16Proof } from "../../proofs/types.js";
import { findInvalid } from "../../proofs/verify-batch.js";
import { VeriteeError } from "../../protocol/errors.js";
import { signalList } from "../../protocol/ledger-digest.js";
import type { ReceiptStatement } from "../../protocol/objects/receipt.js";
import { Groth16ProofSchema } from "../../protocol/wire/veritee_pb.js";

/** Looks for bad proofs under the keys of the given parameters. */
export const badProofsUnder = (parameters: Parameters): FindBadProofs => async (program, statements) => {
  const proofs = statements.map(proofOf);
  const readable = proofs.flatMap((proof, index) => (proof === undefined ? [] : [{ index, proof }]));
  const items = readable.map(({ index, proof }) => ({ proof, signals: signalList(statements[index] as ReceiptStatement) }));
  const invalid = new Set(findInvalid(pinnedKeysOf(parameters)(program).key, items).map((i) => readable[i]?.index));
  return [...proofs.keys()].filter((index) => proofs[index] === undefined || invalid.has(index));
};

/** Undefined for bytes that are no proof at all. */
function proofOf({ proof: { a, b, c } }: ReceiptStatement): Groth16Proof | undefined {
  try {
    return proofFromWire(create(Groth16ProofSchema, { a: [...a], b: [...b], c: [...c] }));
  } catch (error) {
    if (error instanceof VeriteeError) return undefined;
    throw error;
  }
}
