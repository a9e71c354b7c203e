import { fromBase64, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError, type ErrorCode } from "../../protocol/errors.js";
import { MAX_CERTIFICATE_BYTES } from "./certificate.js";

/** Certificates in one path (attestation notes, section 1). */
export const MAX_PATH_CERTIFICATES = 8;
const MAX_PEM_CHARACTERS = MAX_PATH_CERTIFICATES * MAX_CERTIFICATE_BYTES * 2;
const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";
const MAX_LINE = 76;

/**
 * The certificates of a PEM text (RFC 7468, strict form), one to eight, in their order: only CERTIFICATE blocks, base64 in
 * lines of at most 76, empty lines between blocks, nothing else. A quote's trailing NUL is for the caller to cut off.
 * @throws the code
 */
export function parsePem(text: string, code: ErrorCode = "evidence_malformed"): Bytes[] {
  ensure(text.length <= MAX_PEM_CHARACTERS, code, "PEM text too large", { characters: text.length, limit: MAX_PEM_CHARACTERS });
  const blocks: Bytes[] = [];
  let body: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (body === undefined) {
      if (line === "") continue;
      ensure(line === BEGIN, code, "text between PEM blocks", { line: line.slice(0, 40) });
      ensure(blocks.length < MAX_PATH_CERTIFICATES, code, "too many certificates", { limit: MAX_PATH_CERTIFICATES });
      body = [];
    } else if (line === END) {
      blocks.push(decode(body.join(""), code));
      body = undefined;
    } else {
      ensure(line.length > 0 && line.length <= MAX_LINE, code, "PEM line of a wrong length", { length: line.length });
      body.push(line);
    }
  }
  ensure(body === undefined && blocks.length > 0, code, body === undefined ? "no certificate in the PEM text" : "unfinished PEM block");
  return blocks;
}

function decode(base64: string, code: ErrorCode): Bytes {
  try {
    return fromBase64(base64);
  } catch (cause) {
    throw new VeriteeError(code, "PEM block is not canonical base64", {}, { cause });
  }
}
