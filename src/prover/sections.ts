import { ensure, VeriteeError } from "../protocol/errors.js";

/** The sectioned little-endian container of iden3's r1cs, wtns and zkey files: magic, version, count, then sections. */
export class Sections {
  readonly #sections = new Map<number, Uint8Array>();

  /** @throws artefact_mismatch when not a well-formed container of that type */
  constructor(bytes: Uint8Array, magic: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const fits = (end: number) => ensure(end <= bytes.length, "artefact_mismatch", "the file is truncated", { type: magic });
    fits(12);
    ensure(String.fromCharCode(...bytes.subarray(0, 4)) === magic, "artefact_mismatch", "not a file of this type", { type: magic });
    let at = 12;
    for (let left = view.getUint32(8, true); left > 0; left--) {
      fits(at + 12);
      const length = Number(view.getBigUint64(at + 4, true));
      const start = at + 12;
      fits(start + length);
      this.#sections.set(view.getUint32(at, true), bytes.subarray(start, start + length));
      at = start + length;
    }
  }

  /** @throws artefact_mismatch when absent */
  get(id: number): Reader {
    const bytes = this.#sections.get(id);
    if (bytes === undefined) throw new VeriteeError("artefact_mismatch", "a section is missing", { section: id });
    return new Reader(bytes);
  }
}

/** Reads little-endian values in order. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  take(length: number): Uint8Array {
    ensure(this.#at + length <= this.bytes.length, "artefact_mismatch", "a section is truncated");
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** An unsigned integer of 32 bytes. */
  big(): bigint {
    let value = 0n;
    for (let i = 24; i >= 0; i -= 8) value = (value << 64n) | this.#view.getBigUint64(this.#at + i, true);
    this.#at += 32;
    return value;
  }
}

/** Writes a container; each section is a list of parts. */
export function writeSections(magic: string, version: number, sections: readonly (readonly [id: number, ...parts: Uint8Array[]])[]): Uint8Array {
  const sized = sections.map(([id, ...parts]) => ({ id, parts, length: parts.reduce((n, p) => n + p.length, 0) }));
  const out = new Uint8Array(12 + sized.reduce((n, s) => n + 12 + s.length, 0));
  const view = new DataView(out.buffer);
  out.set([...magic].map((c) => c.charCodeAt(0)));
  view.setUint32(4, version, true);
  view.setUint32(8, sized.length, true);
  let at = 12;
  for (const { id, parts, length } of sized) {
    view.setUint32(at, id, true);
    view.setBigUint64(at + 4, BigInt(length), true);
    at += 12;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
  }
  return out;
}

export function u32le(...values: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((v, i) => out.setUint32(4 * i, v, true));
  return new Uint8Array(out.buffer);
}

/** 32 bytes, little endian. */
export function writeBig(out: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  for (let i = 0; i < 32; i += 8) view.setBigUint64(offset + i, (value >> BigInt(8 * i)) & 0xffffffffffffffffn, true);
}

export function bigLe(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  writeBig(out, 0, value);
  return out;
}
