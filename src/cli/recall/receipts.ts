// A first look at many receipt files, without reading what need not be read: receipts of one worker share a certificate, so
// evidence is appraised once for each certificate and not for each receipt.
import { fromBinary } from "@bufbuild/protobuf";
import { hash } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { fromBase64, type Bytes } from "../../protocol/bytes.js";
import { receiptFileSchema } from "../../protocol/receipt-file.js";
import { EnvelopeSchema } from "../../protocol/wire/veritee_pb.js";

/** A receipt is tens of KiB; a larger file is none. */
const MAX_FILE_BYTES = 4 << 20;

/** Every JSON file under a folder, sorted. */
export function jsonFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".json")).sort().map((name) => join(folder, name));
}

export interface ReceiptGlance {
  /** SHA-256 of the certificate's text: receipts of one worker have one. */
  readonly certificateKey: string;
  readonly certificate: () => Bytes;
  /** The receipt's id: SHA-256 of the signed statement, whose signature is not checked here. Undefined where there is none. */
  readonly id: () => string | undefined;
}

/** Reads receipt files one after the other into one buffer. */
export class ReceiptReader {
  readonly #buffer = Buffer.allocUnsafe(MAX_FILE_BYTES);

  /** Undefined for what is no receipt. Valid until the next call. */
  glance(path: string): ReceiptGlance | undefined {
    const text = this.#read(path);
    if (text === undefined) return undefined;
    const certificate = textUnder(text, "certificate");
    if (certificate === undefined) return undefined;
    return {
      certificateKey: hash("sha256", certificate, "base64"),
      certificate: () => fromBase64(certificate.toString("latin1")),
      id: () => statementId(text),
    };
  }

  #read(path: string): Buffer | undefined {
    const file = openSync(path, "r");
    try {
      const size = readSync(file, this.#buffer, 0, MAX_FILE_BYTES, 0);
      return size === MAX_FILE_BYTES ? undefined : this.#buffer.subarray(0, size);
    } finally {
      closeSync(file);
    }
  }
}

function statementId(file: Buffer): string | undefined {
  const statement = textUnder(file, "statement");
  if (statement === undefined) return undefined;
  try {
    // Not through the strict decoder: of a file in another spelling this is the id that it pretends to, and verify refuses it.
    return hash("sha256", fromBinary(EnvelopeSchema, Buffer.from(statement.toString("latin1"), "base64")).payload, "hex");
  } catch {
    return undefined;
  }
}

const textUnder = (file: Buffer, name: "certificate" | "statement"): Buffer | undefined => onlyText(file, name) ?? parsedText(file, name);

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/**
 * The text under a name that occurs once, in a file without escapes: then there is one reading of it. Undefined sends the
 * file to the parser.
 */
function onlyText(file: Buffer, name: string): Buffer | undefined {
  const key = `"${name}"`;
  const at = file.indexOf(key);
  if (at < 0 || file.indexOf(key, at + 1) >= 0 || file.includes(BACKSLASH)) return undefined;
  const start = file.indexOf(QUOTE, at + key.length);
  const end = file.indexOf(QUOTE, start + 1);
  const between = file.toString("latin1", at + key.length, start);
  return start > 0 && end > start && /^\s*:\s*$/.test(between) ? file.subarray(start + 1, end) : undefined;
}

function parsedText(file: Buffer, name: "certificate" | "statement"): Buffer | undefined {
  try {
    const receipt = receiptFileSchema.safeParse(JSON.parse(file.toString("utf8")));
    return receipt.success ? Buffer.from(receipt.data[name], "latin1") : undefined;
  } catch {
    return undefined;
  }
}
