import { equalBytes, fromHex, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { ENCLAVE_REPORT_BYTES, readEnclaveReport, readTdReport, TD10_BYTES, TD15_BYTES, type EnclaveReport, type TdReport } from "./bodies.js";
import { Reader } from "./reader.js";

/** Bytes; the largest quotes seen are 8,000 with the kernel's padding. */
export const MAX_QUOTE_BYTES = 16 * 1024;

const ECDSA_P256_KEY = 2;
const INTEL_QE_VENDOR = fromHex("939a7233f79c4ca9940a0db3957f0607");
const TEE_SGX = 0;
const TEE_TDX = 0x81;
const PCK_CHAIN_PEM = 5;
const QE_REPORT_DATA = 6;

export type QuoteBody =
  | { readonly tee: "sgx"; readonly report: EnclaveReport }
  | { readonly tee: "tdx"; readonly version: "1.0" | "1.5"; readonly report: TdReport };

/** A DCAP quote, taken apart; nothing in it has been verified. Fields are views of the input. */
export interface Quote {
  readonly version: 3 | 4 | 5;
  readonly body: QuoteBody;
  /** Header and body (in v5 with its type and size): what the attestation key signs. */
  readonly signed: Bytes;
  /** r ‖ s by the attestation key. */
  readonly signature: Bytes;
  /** x ‖ y. */
  readonly attestationKey: Bytes;
  readonly qe: { readonly report: EnclaveReport; readonly signed: Bytes; readonly signature: Bytes; readonly authData: Bytes };
  /** PEM certificates, PCK first. */
  readonly pckChain: Bytes;
}

/**
 * Parses an SGX quote (v3) or a TDX quote (v4; v5 with TD 1.0 or TD 1.5 body). Exact: each length field must agree with
 * what it holds, and only zeros may follow (the kernel pads).
 * @throws evidence_malformed; certificate_path where the quote carries no PCK chain (certification data other than type 5)
 */
export function parseQuote(bytes: Bytes): Quote {
  ensure(bytes.length <= MAX_QUOTE_BYTES, "evidence_malformed", "quote too large", { bytes: bytes.length, limit: MAX_QUOTE_BYTES });
  const reader = new Reader(bytes);
  const { version, tee } = readHeader(reader);
  const body = readBody(reader, version, tee);
  const signed = bytes.subarray(0, reader.offset);
  const authentication = reader.take(reader.u32("authentication length"), "authentication data");
  ensure(reader.rest().every((byte) => byte === 0), "evidence_malformed", "bytes other than zero padding follow the quote");
  return { version, body, signed, ...readAuthentication(authentication, version) };
}

function readHeader(reader: Reader): { version: 3 | 4 | 5; tee: number } {
  const version = reader.u16("version");
  const keyType = reader.u16("attestation key type");
  const tee = reader.u32("TEE type");
  reader.take(4, "SVNs");
  const vendor = reader.take(16, "QE vendor id");
  reader.take(20, "user data");
  ensure(version === 3 || version === 4 || version === 5, "evidence_malformed", "unknown quote version", { version });
  ensure(keyType === ECDSA_P256_KEY, "evidence_malformed", "the attestation key is not of type ECDSA P-256", { keyType });
  ensure(tee === (version === 3 ? TEE_SGX : TEE_TDX), "evidence_malformed", "quote version and TEE type do not belong together", { version, tee });
  ensure(equalBytes(vendor, INTEL_QE_VENDOR), "evidence_malformed", "unknown quoting enclave vendor", { vendor: toHex(vendor) });
  return { version, tee };
}

function readBody(reader: Reader, version: 3 | 4 | 5, tee: number): QuoteBody {
  if (tee === TEE_SGX) return { tee: "sgx", report: readEnclaveReport(reader.take(ENCLAVE_REPORT_BYTES, "report body")) };
  if (version === 4) return { tee: "tdx", version: "1.0", report: readTdReport(reader.take(TD10_BYTES, "TD report")) };
  const type = reader.u16("body type");
  const size = reader.u32("body size");
  if (type === 2 && size === TD10_BYTES) return { tee: "tdx", version: "1.0", report: readTdReport(reader.take(size, "TD report")) };
  if (type === 3 && size === TD15_BYTES) return { tee: "tdx", version: "1.5", report: readTdReport(reader.take(size, "TD report")) };
  throw new VeriteeError("evidence_malformed", "body type and size do not belong together", { type, size });
}

function readAuthentication(bytes: Bytes, version: 3 | 4 | 5): Pick<Quote, "signature" | "attestationKey" | "qe" | "pckChain"> {
  const reader = new Reader(bytes);
  const signature = reader.take(64, "quote signature");
  const attestationKey = reader.take(64, "attestation key");
  if (version === 3) return { signature, attestationKey, ...readCertification(reader.rest()) };
  const type = reader.u16("certification type");
  ensure(type === QE_REPORT_DATA, "evidence_malformed", "the outer certification data is not of type 6", { type });
  return { signature, attestationKey, ...readCertification(takeExactly(reader)) };
}

function readCertification(bytes: Bytes): Pick<Quote, "qe" | "pckChain"> {
  const reader = new Reader(bytes);
  const signed = reader.take(ENCLAVE_REPORT_BYTES, "QE report");
  const signature = reader.take(64, "QE report signature");
  const authData = reader.take(reader.u16("QE authentication length"), "QE authentication data");
  const type = reader.u16("certification type");
  const pckChain = takeExactly(reader);
  ensure(type === PCK_CHAIN_PEM, "certificate_path", "the quote carries no PCK certificate chain (certification data of type 5)", { type });
  return { qe: { report: readEnclaveReport(signed), signed, signature, authData }, pckChain };
}

/** Length-prefixed bytes that must reach exactly to the end. */
function takeExactly(reader: Reader): Bytes {
  const length = reader.u32("certification length");
  const rest = reader.rest();
  ensure(rest.length === length, "evidence_malformed", "the certification data's length does not agree with the quote's",
    { length, found: rest.length });
  return rest;
}
