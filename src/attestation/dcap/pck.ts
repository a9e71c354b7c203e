import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { Certificate } from "../x509/certificate.js";
import { DerReader, readDer } from "../x509/der.js";

/** What Intel certified about the machine that a PCK belongs to (Intel SGX PCK Certificate and CRL Profile, section 1.3.5). */
export interface PckFacts {
  /** 16 bytes: which machine. */
  readonly ppid: Bytes;
  /** SVNs of the 16 TCB components. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly cpuSvn: Bytes;
  readonly pceId: Bytes;
  readonly fmspc: Bytes;
}

export const SGX_EXTENSION = "1.2.840.113741.1.13.1";
const TCB = `${SGX_EXTENSION}.2`;
const COMPONENTS = 16;
const MAX_EXTENSION_BYTES = 2048;

/** Reads the SGX extension. Every field once, known fields only, of exactly its size. @throws evidence_malformed */
export function readPckFacts({ extensions, subjectName }: Certificate): PckFacts {
  const extension = extensions.get(SGX_EXTENSION);
  ensure(extension !== undefined, "evidence_malformed", "the PCK certificate has no SGX extension", { subject: subjectName.commonName ?? "" });
  const fields = readDer(extension.value, MAX_EXTENSION_BYTES, "evidence_malformed", (reader) => readFields(reader.sequence()));
  const tcb = readFields(field(fields, TCB, (reader) => reader.sequence(), (sequence) => sequence));
  const octets = (from: Fields, oid: string, length: number) => field(from, oid, (reader) => reader.octets(), (bytes) => {
    ensure(bytes.length === length, "evidence_malformed", "a field of the SGX extension has another size",
      { oid, bytes: bytes.length, expected: length });
    return bytes;
  });
  const svn = (n: number, limit: number) => field(tcb, `${TCB}.${String(n)}`, (reader) => reader.small(), (value) => {
    ensure(value < limit, "evidence_malformed", "an SVN of the SGX extension is out of range", { component: n, value });
    return value;
  });
  const facts = {
    ppid: octets(fields, `${SGX_EXTENSION}.1`, 16), pceId: octets(fields, `${SGX_EXTENSION}.3`, 2), fmspc: octets(fields, `${SGX_EXTENSION}.4`, 6),
    components: Array.from({ length: COMPONENTS }, (_, i) => svn(i + 1, 0x100)), pceSvn: svn(17, 0x10000), cpuSvn: octets(tcb, `${TCB}.18`, 16),
  };
  refuseUnknown(fields, [5, 6, 7].map((n) => `${SGX_EXTENSION}.${String(n)}`));
  refuseUnknown(tcb, []);
  return facts;
}

type Fields = Map<string, DerReader>;

/** SEQUENCE OF SEQUENCE { OID, value }. */
function readFields(list: DerReader): Fields {
  const fields: Fields = new Map();
  while (!list.done) {
    const entry = list.sequence();
    const oid = entry.oid();
    if (fields.has(oid)) list.fail(`field ${oid} twice`);
    const { raw } = entry.next();
    entry.end();
    fields.set(oid, new DerReader(raw, list.code));
  }
  return fields;
}

/** Takes a field out: what is left over in the end is unknown. */
function field<T, U>(fields: Fields, oid: string, read: (reader: DerReader) => T, check: (value: T) => U): U {
  const reader = fields.get(oid);
  ensure(reader !== undefined, "evidence_malformed", "the SGX extension lacks a field", { oid });
  fields.delete(oid);
  const value = read(reader);
  reader.end();
  return check(value);
}

/** SGX type, platform instance and configuration say nothing that we judge. */
function refuseUnknown(fields: Fields, ignored: readonly string[]): void {
  const unknown = [...fields.keys()].find((oid) => !ignored.includes(oid));
  ensure(unknown === undefined, "evidence_malformed", "unknown field in the SGX extension", { oid: unknown ?? "" });
}
