// The certificate table that a host hands to an SEV-SNP guest (AMD 56421, GHCB specification, 4.1.8.1), as collateral.
import { toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";

const ENTRY_BYTES = 24;
const MAX_ENTRIES = 16;
/** GUIDs in the order their bytes are in: as written, not the mixed order of other tables. */
const VCEK = "63da758de6644564adc5f4b93be8accd";
const VLEK = "a8074bc2a25a483eaae639c045a0b8a1";
const VEKS: ReadonlySet<string> = new Set([VCEK, VLEK]);
const DER_SEQUENCE = 0x30;

/**
 * The endorsement key's certificate as SNP collateral JSON (src/attestation/snp), or nothing when the host supplies none: the
 * relying side then fetches it. ASK and ARK of the table are left out, as nobody would believe them.
 * @throws evidence_malformed when the table does not fit its bytes
 */
export function snpCollateral(table: Bytes): Bytes {
  const vek = endorsementKey(table);
  return vek === undefined ? new Uint8Array() : utf8(JSON.stringify({ vek: Buffer.from(vek).toString("base64") }));
}

function endorsementKey(table: Bytes): Bytes | undefined {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  for (let at = 0, n = 0; n < MAX_ENTRIES && at + ENTRY_BYTES <= table.length; at += ENTRY_BYTES, n++) {
    const guid = toHex(table.subarray(at, at + 16));
    // Zeros end the table; a table that only ends where its bytes do is a host's that supplies nothing.
    if (/^0*$/.test(guid)) return undefined;
    const offset = view.getUint32(at + 16, true);
    const length = view.getUint32(at + 20, true);
    ensure(offset + length <= table.length, "evidence_malformed", "a certificate of the host's table is cut short", { offset, length, bytes: table.length });
    // DER or nothing: hosts are free to put other things there, and the relying side can fetch it.
    if (VEKS.has(guid) && table[offset] === DER_SEQUENCE) return table.slice(offset, offset + length);
  }
  return undefined;
}
