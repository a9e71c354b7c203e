import type { Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { Certificate } from "../x509/certificate.js";
import { readDer, TAG } from "../x509/der.js";
import { productOfName, type SnpProduct } from "./product.js";
import type { SigningKey } from "./report.js";
import { TCB_PARTS, type TcbPart, type TcbVersion } from "./tcb.js";

/** AMD's arc (publication 57230, VCEK and VLEK certificate extensions). */
const AMD = "1.3.6.1.4.1.3704.1";
const STRUCT_VERSION = `${AMD}.1`;
const PRODUCT_NAME = `${AMD}.2`;
const HARDWARE_ID = `${AMD}.4`;
const CSP_ID = `${AMD}.5`;
const SVN: Readonly<Record<TcbPart, string>> = {
  bootloader: `${AMD}.3.1`, tee: `${AMD}.3.2`, snp: `${AMD}.3.3`, microcode: `${AMD}.3.8`, fmc: `${AMD}.3.9`,
};

/** What the certificate of a versioned endorsement key says of the chip and firmware that the key was derived from. */
export interface EndorsementKey {
  readonly certificate: Certificate;
  readonly product: SnpProduct;
  readonly tcb: TcbVersion;
  /** VCEK: 64 bytes, on Turin 8. Undefined in a VLEK, which is not bound to a chip. */
  readonly hardwareId: Bytes | undefined;
  /** VLEK: the cloud provider that holds it. */
  readonly provider: string | undefined;
}

/** @throws certificate_path on a missing extension or another spelling of one, evidence_product */
export function readEndorsementKey(certificate: Certificate, signer: SigningKey): EndorsementKey {
  const value = (oid: string): Bytes | undefined => certificate.extensions.get(oid)?.value;
  const product = productOfName(readIa5("productName", value(PRODUCT_NAME)));
  const structVersion = readSvn("structVersion", value(STRUCT_VERSION));
  const expected = product === "turin" ? 1 : 0;
  ensure(structVersion === expected, "certificate_path", "unknown structure of the endorsement key's extensions", { structVersion, expected });
  const parts = TCB_PARTS.filter((part) => part !== "fmc" || product === "turin");
  return {
    certificate, product,
    tcb: Object.fromEntries(parts.map((part) => [part, readSvn(part, value(SVN[part]))])),
    hardwareId: signer === "vcek" ? readHardwareId(value(HARDWARE_ID), product) : undefined,
    provider: signer === "vlek" ? readIa5("CSP_ID", value(CSP_ID)) : undefined,
  };
}

function present(name: string, value: Bytes | undefined): Bytes {
  if (value === undefined) throw new VeriteeError("certificate_path", "the endorsement key's certificate lacks an extension", { name });
  return value;
}

/** A DER INTEGER 0..255. */
function readSvn(name: string, value: Bytes | undefined): number {
  const svn = readDer(present(name, value), 4, "certificate_path", (reader) => reader.small());
  ensure(svn <= 255, "certificate_path", "an SVN is above 255", { name, svn });
  return svn;
}

/** A DER IA5String of 1 to 64 printable characters. */
function readIa5(name: string, value: Bytes | undefined): string {
  const { value: ascii } = readDer(present(name, value), 66, "certificate_path", (reader) => reader.next(TAG.ia5String));
  const text = String.fromCharCode(...ascii);
  ensure(/^[ -~]+$/.test(text), "certificate_path", "an extension is no printable text", { name });
  return text;
}

/** Raw bytes, or the same in an OCTET STRING; the length tells which, so that a chip id may begin with any byte. */
function readHardwareId(value: Bytes | undefined, product: SnpProduct): Bytes {
  const id = present("hwID", value);
  const length = product === "turin" ? 8 : 64;
  const wrapped = id.length === length + 2 && id[0] === 0x04 && id[1] === length;
  ensure(wrapped || id.length === length, "certificate_path", "the hardware id has another length", { bytes: id.length, expected: length });
  return wrapped ? id.slice(2) : id;
}
