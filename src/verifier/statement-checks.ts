import { create } from "@bufbuild/protobuf";
import { equalBytes, toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { receiptDigest, recoverLedger, signalList } from "../protocol/ledger-digest.js";
import { receiptStatement } from "../protocol/objects/receipt.js";
import { Groth16ProofSchema } from "../protocol/wire/veritee_pb.js";
import { proofFromWire } from "../proofs/codec.js";
import type { PinnedKey } from "../proofs/pinned-key.js";
import { verifyProof } from "../proofs/verify.js";
import type { ReadReceipt } from "./read-receipt.js";

/** The statement's envelope is signed by the worker that the statement names. */
export function checkStatementSignature({ file }: ReadReceipt): string {
  const { signer } = receiptStatement.open(file.statement);
  return `signed by worker ${signer}`;
}

/** The receipt names the very verification key that this verifier pins. */
export function checkArtefactPins({ statement }: ReadReceipt, key: PinnedKey): string {
  ensure(equalBytes(statement.verificationKeySha256, key.sha256), "artefact_mismatch", "the verification key is not the pinned one",
    { found: toHex(statement.verificationKeySha256), expected: toHex(key.sha256) });
  return `verification key ${toHex(key.sha256)}`;
}

/** Under the pinned key, whatever the receipt says about its key. */
export function checkProof({ statement }: ReadReceipt, key: PinnedKey): string {
  const { a, b, c } = statement.proof;
  const proof = proofFromWire(create(Groth16ProofSchema, { a: [...a], b: [...b], c: [...c] }));
  verifyProof(key.key, signalList(statement), proof);
  return "the Groth16 proof verifies for these public signals";
}

/** The signature that the ledger checked is by the account that the statement names, for this chain and ledger. */
export function checkLedgerSignature({ statement }: ReadReceipt): string {
  const place = { chainId: statement.chainId, contract: statement.ledger };
  const account = recoverLedger(receiptDigest(place, statement.program, statement), statement.ledgerSignature);
  const { ledgerAddress } = statement.worker;
  ensure(account === ledgerAddress, "signature_invalid", "the ledger signature is by another account", { found: account, expected: ledgerAddress });
  return `signed by account ${account} for chain ${statement.chainId}`;
}
