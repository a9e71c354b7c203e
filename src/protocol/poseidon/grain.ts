// The Grain LFSR in self-shrinking mode, from which Poseidon draws its parameters (Grassi et al., "Poseidon", section F).

const STATE_BITS = 80;
const WARM_UP = 160;
const TAPS = [62, 51, 38, 23, 13, 0] as const;

const bits = (value: number, width: number): number[] => Array.from({ length: width }, (_, i) => (value >> (width - 1 - i)) & 1);

/** Bits of the parameter generator for a prime field with S-box x^5. */
export class Grain {
  readonly #state: Uint8Array;
  #head = 0;

  constructor(fieldBits: number, width: number, fullRounds: number, partialRounds: number) {
    this.#state = Uint8Array.from([
      ...bits(1, 2), ...bits(0, 4), ...bits(fieldBits, 12), ...bits(width, 12), ...bits(fullRounds, 10), ...bits(partialRounds, 10),
      ...bits(2 ** 30 - 1, 30),
    ]);
    for (let i = 0; i < WARM_UP; i++) this.#next();
  }

  /** An integer of n random bits, first bit highest. */
  integer(n: number): bigint {
    let digits = "0b";
    for (let i = 0; i < n; i++) digits += this.#bit() === 1 ? "1" : "0";
    return BigInt(digits);
  }

  /** Of each pair of raw bits, the second counts where the first is 1. */
  #bit(): number {
    while (this.#next() === 0) this.#next();
    return this.#next();
  }

  #next(): number {
    let bit = 0;
    for (const tap of TAPS) bit ^= this.#state[(this.#head + tap) % STATE_BITS] as number;
    this.#state[this.#head] = bit;
    this.#head = (this.#head + 1) % STATE_BITS;
    return bit;
  }
}
