import { z } from "zod";
import { fromBase64, toBase64 } from "./bytes.js";
import { envelopeFromBytes, envelopeToBytes, type Envelope } from "./dsse.js";
import { VeriteeError } from "./errors.js";
import { certificateFromBytes, certificateToBytes, type WorkerCertificate } from "./objects/receipt.js";
import { tryParse } from "./schema.js";

/** Where the ledger recorded a receipt. Present once anchored. */
export interface LedgerAnchor {
  readonly chainId: number;
  /** Address of the ReceiptLedger, 40 lower-case hex digits. */
  readonly ledger: string;
  readonly txHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly gasUsed: number;
}

/** A self-contained receipt (docs/protocol.md 11): everything a verifier needs, nothing secret. */
export interface ReceiptFile {
  /** DSSE over a ReceiptStatement, signed by the worker. */
  readonly statement: Envelope;
  readonly certificate: WorkerCertificate;
  readonly anchor: LedgerAnchor;
  /** What the coordinator said when it served the file: nobody signs it, and it is out of date a block later. */
  readonly finality?: ServedFinality | undefined;
}

/** How deep a receipt lay on the ledger. Until it is final a reorganisation may move it, and the file's anchor with it. */
export interface ServedFinality {
  readonly state: "mined" | "final";
  /** Blocks above the receipt's own. */
  readonly confirmations: number;
  /** As many make it final for that coordinator. */
  readonly needed: number;
}

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `expected ${bytes} bytes of lower-case hex`);
const base64 = z.string().max(2 << 20);

/** The JSON form. `labels` is for human eyes: a verifier recomputes both and refuses a file whose labels differ. */
export const receiptFileSchema = z.strictObject({
  format: z.literal("veritee-receipt/1"),
  labels: z.strictObject({ simulated: z.boolean(), developmentParameters: z.boolean() }),
  statement: base64,
  certificate: base64,
  anchor: z.strictObject({
    chainId: z.int().positive(),
    ledger: hex(20),
    txHash: hex(32),
    blockNumber: z.int().nonnegative(),
    blockHash: hex(32),
    blockTime: z.int().nonnegative(),
    gasUsed: z.int().positive(),
  }),
  finality: z.strictObject({ state: z.enum(["mined", "final"]), confirmations: z.int().nonnegative(), needed: z.int().nonnegative() }).optional(),
});
export type ReceiptJson = z.infer<typeof receiptFileSchema>;

export function receiptToJson(file: ReceiptFile, labels: ReceiptJson["labels"]): ReceiptJson {
  return {
    format: "veritee-receipt/1",
    labels,
    statement: toBase64(envelopeToBytes(file.statement)),
    certificate: toBase64(certificateToBytes(file.certificate)),
    anchor: { ...file.anchor },
    ...(file.finality === undefined ? {} : { finality: { ...file.finality } }),
  };
}

/** @throws receipt_invalid naming the field */
export function receiptFromJson(json: unknown): ReceiptFile & { readonly labels: ReceiptJson["labels"] } {
  const parsed = tryParse(receiptFileSchema, json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    if (field === "") throw new VeriteeError("receipt_invalid", "not a receipt file");
    throw new VeriteeError("receipt_invalid", issue?.message ?? "not a receipt", { field });
  }
  const { labels, statement, certificate, anchor, finality } = parsed.data;
  return {
    labels,
    anchor,
    ...(finality === undefined ? {} : { finality }),
    statement: envelopeFromBytes(fromBase64(statement)),
    certificate: certificateFromBytes(fromBase64(certificate)),
  };
}
