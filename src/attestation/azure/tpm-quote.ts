import { equalBytes, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";

/** TPMS_ATTEST of a quote (TPM 2.0 library, part 2, 10.12.8); integers big endian. */
export interface TpmQuote {
  /** The quote's qualifying data: what the caller bound. */
  readonly extraData: Bytes;
  readonly resetCount: number;
  readonly restartCount: number;
  readonly firmwareVersion: bigint;
  /** SHA-256 over the selected PCRs. */
  readonly pcrDigest: Bytes;
}

const GENERATED = 0xff544347;
const ATTEST_QUOTE = 0x8018;
const ALG_SHA256 = 0x000b;
export const PCR_COUNT = 24;
/** All 24 of one bank. */
const ALL_PCRS = Uint8Array.of(0xff, 0xff, 0xff);
const MAX_NAME = 68;
const MAX_EXTRA_DATA = 64;

/** Parses to the last byte. @throws evidence_malformed */
export function parseTpmQuote(message: Bytes): TpmQuote {
  const read = new BigEndian(message);
  read.expect("magic", read.uint(4), GENERATED);
  read.expect("type", read.uint(2), ATTEST_QUOTE);
  read.sized("signer name", MAX_NAME);
  const extraData = read.sized("extra data", MAX_EXTRA_DATA);
  read.take(8); // clock
  const resetCount = read.uint(4);
  const restartCount = read.uint(4);
  const safe = read.uint(1);
  ensure(safe <= 1, "evidence_malformed", "the TPM clock's state is neither yes nor no", { safe });
  const firmwareVersion = BigInt(`0x${toHex(read.take(8))}`);
  read.expect("PCR banks", read.uint(4), 1);
  read.expect("PCR bank", read.uint(2), ALG_SHA256);
  read.expect("size of the PCR selection", read.uint(1), ALL_PCRS.length);
  const selection = read.take(ALL_PCRS.length);
  ensure(equalBytes(selection, ALL_PCRS), "evidence_malformed", "the TPM quote selects other PCRs than all 24", { selection: toHex(selection) });
  const pcrDigest = read.sized("PCR digest", 32);
  ensure(pcrDigest.length === 32, "evidence_malformed", "the PCR digest has another length", { bytes: pcrDigest.length });
  read.end();
  return { extraData, resetCount, restartCount, firmwareVersion, pcrDigest };
}

class BigEndian {
  #at = 0;
  constructor(private readonly bytes: Bytes) {}

  take(length: number): Bytes {
    const taken = this.bytes.slice(this.#at, this.#at + length);
    if (taken.length < length) throw new VeriteeError("evidence_malformed", "the TPM quote is cut short", { bytes: this.bytes.length });
    this.#at += length;
    return taken;
  }

  uint(length: 1 | 2 | 4): number {
    return this.take(length).reduce((n, b) => n * 256 + b, 0);
  }

  /** A TPM2B: length and bytes. */
  sized(field: string, limit: number): Bytes {
    const length = this.uint(2);
    ensure(length <= limit, "evidence_malformed", "a field of the TPM quote is too long", { field, length, limit });
    return this.take(length);
  }

  expect(field: string, value: number, expected: number): void {
    ensure(value === expected, "evidence_malformed", "the TPM quote is of another kind", { field, value, expected });
  }

  end(): void {
    ensure(this.#at === this.bytes.length, "evidence_malformed", "bytes follow the TPM quote", { bytes: this.bytes.length - this.#at });
  }
}
