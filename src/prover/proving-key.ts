import { Sections, type Reader } from "./sections.js";

/** A proving key in the engine's form: points affine, one base a wire, infinity where a wire takes no part. */
export interface ProvingKey {
  readonly publicInputs: number;
  /** rows of the QAP, a power of two */
  readonly domain: number;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** one base a private wire */
  readonly c: Uint8Array;
  /** one base a power of the quotient */
  readonly h: Uint8Array;
  /** matrices A and B, cut by rows so that threads can share them */
  readonly rows: readonly RowRange[];
}

export interface RowRange {
  readonly from: number;
  readonly count: number;
  /** entries of 44 bytes: matrix, row, wire (u32 each), value * 2^512 */
  readonly entries: Uint8Array;
}

const ENTRY = 44;

/** Reads a zkey that inspectZkey() accepted; `ranges` is how many threads build the QAP. @throws artefact_mismatch */
export function parseProvingKey(zkey: Uint8Array, ranges: number): ProvingKey {
  const sections = new Sections(zkey, "zkey");
  const header = sections.get(2);
  header.take(4 + 32 + 4 + 32 + 4); // sizes and moduli, wires
  const publicInputs = header.u32();
  const domain = header.u32();
  const g1 = () => header.take(64);
  const g2 = () => header.take(128);
  const [alpha1, beta1, beta2] = [g1(), g1(), g2()];
  g2(); // gamma
  const [delta1, delta2] = [g1(), g2()];
  return {
    publicInputs, domain, alpha1, beta1, beta2, delta1, delta2,
    a: sections.get(5).bytes, b1: sections.get(6).bytes, b2: sections.get(7).bytes, c: sections.get(8).bytes, h: sections.get(9).bytes,
    rows: cut(sections.get(4), domain, ranges),
  };
}

function cut(from: Reader, domain: number, ranges: number): RowRange[] {
  const count = Math.ceil(domain / ranges);
  const table = from.take(from.u32() * ENTRY);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const rangeAt = (at: number): number => Math.floor(view.getUint32(at + 4, true) / count);

  const sizes = new Array<number>(ranges).fill(0);
  for (let at = 0; at < table.length; at += ENTRY) sizes[rangeAt(at)] = (sizes[rangeAt(at)] as number) + ENTRY;
  const parts = sizes.map((size) => new Uint8Array(size));
  const ends = sizes.map(() => 0);
  for (let at = 0; at < table.length; at += ENTRY) {
    const range = rangeAt(at);
    parts[range]?.set(table.subarray(at, at + ENTRY), ends[range] as number);
    ends[range] = (ends[range] as number) + ENTRY;
  }
  return parts.map((entries, i) => ({ from: i * count, count: Math.min(count, domain - i * count), entries }));
}
