import type { Bytes } from "../../protocol/bytes.js";
import type { ErrorCode } from "../../protocol/errors.js";
import { readSerial, readWrappedExtensions } from "./certificate.js";
import { DerReader, readDer, TAG } from "./der.js";
import { readExtensions, type Extensions } from "./extensions.js";
import { readSigned, type SignatureScheme } from "./signature.js";
import { readTime } from "./time.js";

/** A complete revocation list, version 2 (RFC 5280 section 5). Parsed only: `validatePath` finds whether it counts. */
export interface Crl {
  /** Raw Name in DER. */
  readonly issuer: Bytes;
  /** Unix seconds, both inclusive. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers as `Certificate.serial`. */
  readonly revoked: ReadonlySet<string>;
  readonly tbs: Bytes;
  readonly signatureScheme: SignatureScheme;
  readonly signature: Bytes;
}

export const MAX_CRL_BYTES = 256 * 1024;

/**
 * Parses one revocation list, to its last byte. Critical extensions are refused: those change what a list covers (delta
 * lists, lists of some reasons only, indirect ones).
 * @throws the code
 */
export function parseCrl(der: Bytes, code: ErrorCode = "collateral_malformed"): Crl {
  return readDer(der, MAX_CRL_BYTES, code, (reader) => {
    const outer = reader.sequence();
    const { raw: tbs, value } = outer.next(TAG.sequence);
    const { signedAlgorithm, ...fields } = readTbs(new DerReader(value, code));
    const { scheme: signatureScheme, signature } = readSigned(outer, signedAlgorithm);
    outer.end();
    return { tbs, ...fields, signatureScheme, signature };
  });
}

function readTbs(tbs: DerReader) {
  if (tbs.small() !== 1) tbs.fail("revocation list version other than 2");
  const signedAlgorithm = tbs.next(TAG.sequence).raw;
  const issuer = tbs.next(TAG.sequence).raw;
  const thisUpdate = readTime(tbs);
  const nextUpdate = readTime(tbs);
  const revoked = tbs.peek(TAG.sequence) ? readRevoked(tbs.sequence()) : new Set<string>();
  if (!tbs.done) refuseCritical(readWrappedExtensions(tbs, 0), tbs);
  tbs.end();
  return { signedAlgorithm, issuer, thisUpdate, nextUpdate, revoked };
}

function readRevoked(list: DerReader): ReadonlySet<string> {
  const revoked = new Set<string>();
  do {
    const entry = list.sequence();
    revoked.add(readSerial(entry));
    readTime(entry);
    // An empty list is tolerated here: the simulator's lists have one, and refusing it would hide the revocation it is for.
    if (!entry.done) refuseCritical(readExtensions(entry.sequence()), entry);
    entry.end();
  } while (!list.done);
  return revoked;
}

function refuseCritical(extensions: Extensions, reader: DerReader): void {
  for (const [oid, { critical }] of extensions) if (critical) reader.fail(`critical extension ${oid} in a revocation list`);
}
