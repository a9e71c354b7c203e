// The PCK certificate's extension 1.2.840.113741.1.13.1 (Intel SGX PCK certificate specification 1.5).
import type { Bytes } from "../../protocol/bytes.js";
import { enumerated, integer, objectId, octetString, sequence } from "../der-writer.js";
import { extension } from "../x509-writer.js";

/** Security version numbers of the machine's SGX part: 16 components and the PCE. */
export interface SgxTcb { readonly components: Bytes; readonly pceSvn: number }

export interface PckFields {
  readonly ppid: Bytes;
  readonly tcb: SgxTcb;
  /** 2 bytes. */
  readonly pceId: Bytes;
  /** 6 bytes. */
  readonly fmspc: Bytes;
}

const SGX = "1.2.840.113741.1.13.1";
const field = (arc: string, value: Bytes): Bytes => sequence(objectId(`${SGX}.${arc}`), value);

export function sgxExtension({ ppid, tcb, pceId, fmspc }: PckFields): Bytes {
  const components = Array.from(tcb.components, (svn, i) => field(`2.${i + 1}`, integer(svn)));
  const level = sequence(...components, field("2.17", integer(tcb.pceSvn)), field("2.18", octetString(tcb.components)));
  return extension(SGX, sequence(
    field("1", octetString(ppid)), field("2", level), field("3", octetString(pceId)), field("4", octetString(fmspc)), field("5", enumerated(0)),
  ));
}
