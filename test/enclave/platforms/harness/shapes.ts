// Bytes in the shape of each platform's evidence, around given report data. Nothing here is signed: collectors do not look.
import { encode } from "cborg";
import type { Bytes } from "../../../../src/protocol/bytes.js";

/** The errors that Node throws for system calls. */
export const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** @param padding zeros after the quote, as kernels hand out */
export function tdxQuote(reportData: Bytes, padding = 0): Bytes {
  const quote = new Uint8Array(5006 + padding);
  quote.set([4, 0, 2, 0, 0x81]);
  quote.set(reportData, 48 + 520);
  quote.fill(0xa5, 48 + 584, 5006);
  return quote;
}

export function sgxQuote(reportData: Bytes): Bytes {
  const quote = new Uint8Array(4600).fill(0x5a);
  quote.set(reportData, 48 + 320);
  return quote;
}

export function snpReport(reportData: Bytes): Bytes {
  const report = new Uint8Array(1184);
  report[0] = 3;
  report.set(reportData, 0x50);
  return report;
}

export const nitroDocument = (reportData: Bytes): Bytes =>
  encode([Uint8Array.of(0xa1, 1, 0x38, 0x22), {}, encode({ module_id: "i-1", user_data: reportData, padding: new Uint8Array(4000) }), new Uint8Array(96)]);

const GUIDS = {
  vcek: "63da758de6644564adc5f4b93be8accd", vlek: "a8074bc2a25a483eaae639c045a0b8a1", ask: "4ab7b379bbac4fe4a02f05aef327c782",
  ark: "c0b406a4a80349529743" + "3fb6014cd0ae",
} as const;

/** A host's certificate table (AMD 56421, 4.1.8.1). */
export function certificateTable(entries: Partial<Record<keyof typeof GUIDS, Bytes>>): Bytes {
  const list = Object.entries(entries) as [keyof typeof GUIDS, Bytes][];
  const header = Buffer.alloc(24 * (list.length + 1));
  let offset = header.length;
  list.forEach(([name, der], i) => {
    header.write(GUIDS[name], 24 * i, "hex");
    header.writeUInt32LE(offset, 24 * i + 16);
    header.writeUInt32LE(der.length, 24 * i + 20);
    offset += der.length;
  });
  return Uint8Array.from(Buffer.concat([header, ...list.map(([, der]) => der)]));
}

export const REPORT_DATA = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
export const noPause = async (): Promise<void> => undefined;
