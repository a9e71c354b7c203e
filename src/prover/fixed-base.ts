import { setImmediate } from "node:timers/promises";
import type { Curve } from "snarkjs";

const BATCH = 1024;
const PAGE = 65536;
/** Room that the engine's own routines take past the allocations. */
const RESERVE = 32 * PAGE;

/**
 * Multiples of one generator by many scalars, in the engine's wasm. A table holds digit * 2^(width*w) * G for every
 * window w and digit, so a multiple is one mixed addition a window.
 */
export class FixedBase {
  readonly #tm: Curve["tm"];
  readonly #prefix: string;
  readonly #width: number;
  readonly #affine: number;
  readonly #jacobian: number;
  readonly #windows: number;
  readonly #table: number;

  /** Tables take 2^width * 256/width points. */
  constructor(curve: Curve, group: "G1" | "G2", width: number) {
    const engine = curve[group];
    this.#tm = curve.tm;
    this.#prefix = group === "G1" ? "g1m" : "g2m";
    this.#width = width;
    this.#affine = engine.F.n8 * 2;
    this.#jacobian = engine.F.n8 * 3;
    this.#windows = Math.ceil(254 / width);
    this.#table = this.#allocate(this.#windows * this.#affine * 2 ** width);
    this.#fill(engine.g);
  }

  /** Affine points in the engine's Montgomery form, one a scalar; 0 gives the point at infinity (all zero bytes). */
  async multiply(scalars: readonly bigint[], onProgress: (done: number) => void): Promise<Uint8Array> {
    const out = new Uint8Array(scalars.length * this.#affine);
    const scratch = this.#allocate(BATCH * this.#jacobian);
    for (let from = 0; from < scalars.length; from += BATCH) {
      const batch = scalars.slice(from, from + BATCH);
      batch.forEach((scalar, i) => this.#multiplyOne(scalar, scratch + i * this.#jacobian));
      this.#call("_batchToAffine", scratch, batch.length, scratch);
      out.set(this.#tm.u8.subarray(scratch, scratch + batch.length * this.#affine), from * this.#affine);
      onProgress(from + batch.length);
      await setImmediate();
    }
    return out;
  }

  #multiplyOne(scalar: bigint, to: number): void {
    this.#call("_zero", to);
    const mask = (1n << BigInt(this.#width)) - 1n;
    for (let w = 0, rest = scalar; rest > 0n; w++, rest >>= BigInt(this.#width)) {
      const digit = Number(rest & mask);
      if (digit !== 0) this.#call("_addMixed", to, this.#entry(w, digit), to);
    }
  }

  #entry(window: number, digit: number): number {
    return this.#table + (window * 2 ** this.#width + digit) * this.#affine;
  }

  /** Entry d of a window is d times its base; the next window's base is the entry after the last. */
  #fill(generator: Uint8Array): void {
    const size = 2 ** this.#width;
    const row = this.#allocate((size + 1) * this.#jacobian);
    const base = this.#allocate(this.#jacobian);
    this.#tm.u8.set(generator, base);
    for (let w = 0; w < this.#windows; w++) {
      this.#call("_zero", row);
      for (let d = 0; d < size; d++) this.#call("_add", row + d * this.#jacobian, base, row + (d + 1) * this.#jacobian);
      this.#tm.u8.copyWithin(base, row + size * this.#jacobian, row + (size + 1) * this.#jacobian);
      this.#call("_batchToAffine", row, size, this.#entry(w, 0));
    }
  }

  #call(name: string, ...pointers: number[]): void {
    (this.#tm.instance.exports[this.#prefix + name] as (...p: number[]) => number)(...pointers);
  }

  /** Memory that lives as long as the curve; grows the wasm memory and renews the views that growing detaches. */
  #allocate(bytes: number): number {
    const tm = this.#tm;
    const pointer = tm.alloc(bytes);
    const missing = pointer + bytes + RESERVE - tm.memory.buffer.byteLength;
    if (missing > 0) {
      tm.memory.grow(Math.ceil(missing / PAGE));
      tm.u8 = new Uint8Array(tm.memory.buffer);
      tm.u32 = new Uint32Array(tm.memory.buffer);
    }
    return pointer;
  }
}
