import type { Envelope } from "../../src/protocol/dsse.js";
import { receiptDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import { receiptStatement } from "../../src/protocol/objects/index.js";
import { proofToWire } from "../../src/proofs/codec.js";
import type { CheckedJob } from "./check-job.js";
import type { ProvedResult } from "./prove.js";
import type { Session } from "./session.js";

/**
 * Signs what the ledger and every verifier will judge: public signals and proof, with the labels that say how much they
 * are worth. Nothing in it tells whose data or whose model it was.
 */
export function signReceipt({ ports, keys }: Session, { chainId, ledger }: CheckedJob, { program, signals, proof, key }: ProvedResult, datasetProved: boolean): Envelope {
  const place = { chainId, contract: ledger };
  return receiptStatement.sign({
    program,
    ...signals,
    proof: proofToWire(proof),
    verificationKeySha256: key.sha256,
    worker: keys.identity,
    ledgerSignature: signLedger(receiptDigest(place, program, signals), keys.ledger),
    createdAt: ports.clock(),
    chainId,
    ledger,
    developmentParameters: key.development,
    simulated: ports.collector.simulated,
    datasetProved,
  }, keys.signing).envelope;
}
