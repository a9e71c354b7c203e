import { fromBase64, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { ENDORSED_BYTES, parseEndorsedFormat, parseRootFormat, ROOT_BYTES, type HygonCertificate } from "./certificate.js";
import { named } from "./chain.js";

const COLLATERAL_LIMIT = 16 * 1024;

export interface CsvCollateral { readonly hsk: HygonCertificate; readonly cek: HygonCertificate; readonly hrk: Bytes | undefined }

/** @throws collateral_missing, collateral_malformed, certificate_role */
export function parseCollateral(bytes: Bytes): CsvCollateral {
  ensure(bytes.length > 0, "collateral_missing", "the certificates of the chip (HSK and CEK) are missing");
  ensure(bytes.length <= COLLATERAL_LIMIT, "collateral_malformed", "the collateral is too large", { bytes: bytes.length, limit: COLLATERAL_LIMIT });
  const fields = parseJson(bytes);
  const hskCek = field(fields, "hskCek");
  ensure(hskCek !== undefined, "collateral_missing", "the certificates of the chip (hskCek) are missing");
  ensure(hskCek.length === ROOT_BYTES + ENDORSED_BYTES, "collateral_malformed", "hskCek is not one HSK and one CEK", { bytes: hskCek.length, expected: ROOT_BYTES + ENDORSED_BYTES });
  return {
    hsk: named("HSK", parseRootFormat(hskCek.subarray(0, ROOT_BYTES), "collateral_malformed")),
    cek: named("CEK", parseEndorsedFormat(hskCek.subarray(ROOT_BYTES), "collateral_malformed")),
    hrk: field(fields, "hrk"),
  };
}

function parseJson(bytes: Bytes): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // falls through to the one error below
  }
  return malformed("the collateral is not a JSON object");
}

function field(fields: object, name: string): Bytes | undefined {
  const text: unknown = Object.getOwnPropertyDescriptor(fields, name)?.value;
  if (text === undefined) return undefined;
  if (typeof text !== "string") return malformed(`${name} is not text`);
  try {
    return fromBase64(text);
  } catch {
    return malformed(`${name} is not base64`);
  }
}

function malformed(message: string): never {
  throw new VeriteeError("collateral_malformed", message);
}
