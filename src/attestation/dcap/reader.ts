import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";

/** Little-endian cursor over hostile bytes: every read is bounded, nothing is allocated. */
export class Reader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  /** A view of the next `length` bytes. @throws evidence_malformed */
  take(length: number, what: string): Bytes {
    const start = this.#offset;
    ensure(length <= this.#bytes.length - start, "evidence_malformed", "the quote ends too early",
      { field: what, needed: length, left: this.#bytes.length - start });
    this.#offset = start + length;
    return this.#bytes.subarray(start, this.#offset);
  }

  /** @throws evidence_malformed */
  u16(what: string): number {
    const start = this.#offset;
    this.take(2, what);
    return this.#view.getUint16(start, true);
  }

  /** @throws evidence_malformed */
  u32(what: string): number {
    const start = this.#offset;
    this.take(4, what);
    return this.#view.getUint32(start, true);
  }

  rest(): Bytes {
    return this.take(this.#bytes.length - this.#offset, "rest");
  }
}
