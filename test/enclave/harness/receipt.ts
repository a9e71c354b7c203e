// A receipt file from what a worker hands in, as the coordinator makes it once the ledger has it.
import { verifyReceipt } from "../../../src/verifier/verify-receipt.js";
import type { Report, VerifyOptions } from "../../../src/verifier/types.js";
import { receiptStatement, type WorkerCertificate } from "../../../src/protocol/objects/index.js";
import { receiptToJson, type LedgerAnchor, type ReceiptJson } from "../../../src/protocol/receipt-file.js";
import type { Completion } from "../../../src/protocol/wire/veritee_pb.js";
import { TEE } from "./worker.js";

export const anchors = { sim: TEE.anchors() };

export function receiptOf({ receipt }: Completion, certificate: WorkerCertificate): ReceiptJson {
  if (receipt === undefined) throw new Error("no receipt");
  const { value } = receiptStatement.open(receipt);
  const anchor: LedgerAnchor = {
    chainId: value.chainId, ledger: value.ledger, txHash: "0a".repeat(32), blockNumber: 12, blockHash: "0b".repeat(32),
    blockTime: value.createdAt + 3, gasUsed: 300_000,
  };
  const { simulated, developmentParameters } = value;
  return receiptToJson({ statement: receipt, certificate, anchor }, { simulated, developmentParameters });
}

export const verifyCompletion = (completion: Completion, certificate: WorkerCertificate, options: Partial<VerifyOptions> = {}): Promise<Report> =>
  verifyReceipt(receiptOf(completion, certificate), { anchors, allowDevelopmentParameters: true, ...options });
