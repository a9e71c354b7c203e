// A first look at many receipt files, without reading what need not be read: receipts of one worker share a certificate, so
// evidence is appraised once for each certificate and not for each receipt.
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromBase64, toHex, type Bytes } from "../../protocol/bytes.js";
import { envelopeFromBytes } from "../../protocol/dsse.js";
import { sha256 } from "../../protocol/hash.js";
import { receiptFileSchema } from "../../protocol/receipt-file.js";

/** A receipt is tens of KiB; a larger file is none. */
const MAX_FILE_BYTES = 4 << 20;

/** Every JSON file under a folder, sorted. */
export async function jsonFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".json")).sort().map((name) => join(folder, name));
}

export interface ReceiptGlance {
  /** SHA-256 of the certificate's text: receipts of one worker have one. */
  readonly certificateKey: string;
  readonly certificate: () => Bytes;
  /** The receipt's id: SHA-256 of the signed statement. Its signature is not checked here. */
  readonly id: () => string;
}

/** Reads receipt files one after the other into one buffer. */
export class ReceiptReader {
  readonly #buffer = Buffer.allocUnsafe(MAX_FILE_BYTES);

  /** Undefined for what is no receipt. Valid until the next call. */
  glance(path: string): ReceiptGlance | undefined {
    const text = this.#read(path);
    if (text === undefined) return undefined;
    const certificate = onlyText(text, "certificate") ?? parsedText(text, "certificate");
    const statement = onlyText(text, "statement") ?? parsedText(text, "statement");
    if (certificate === undefined || statement === undefined) return undefined;
    return {
      certificateKey: createHash("sha256").update(certificate).digest("base64"),
      certificate: () => fromBase64(certificate.toString("latin1")),
      id: () => toHex(sha256(envelopeFromBytes(fromBase64(statement.toString("latin1"))).payload)),
    };
  }

  #read(path: string): Buffer | undefined {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      if (size > MAX_FILE_BYTES) return undefined;
      return this.#buffer.subarray(0, readSync(file, this.#buffer, 0, size, 0));
    } finally {
      closeSync(file);
    }
  }
}

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
