/**
 * FNV-1a over 16-bit steps, 32 bits. Not keyed: the owner reads its own files, and their size is bounded.
 */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  let i = start;
  for (; i + 1 < end; i += 2) h = Math.imul(h ^ ((bytes[i] as number) | ((bytes[i + 1] as number) << 8)), 0x01000193);
  if (i < end) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return h ^ (h >>> 15);
}

/** A set of byte strings, numbered from 0 as they come. Compares bytes, so that no hash can merge two strings. */
export class ByteStrings {
  #arena = new Uint8Array(1 << 12);
  #size = 0;
  /** end of each string in the arena; the next one starts there */
  #ends = new Int32Array(1 << 7);
  #hashes = new Int32Array(1 << 7);
  /** number + 1 of the string in each slot, 0 = free; at most half full */
  #table = new Int32Array(1 << 8);

  get size(): number {
    return this.#size;
  }

  /** The number of the string, adding it when it is new. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const h = hash(bytes, start, end);
    const slot = this.#slot(bytes, start, end, h);
    const found = this.#table[slot] as number;
    if (found !== 0) return found - 1;
    const number = this.#append(bytes, start, end);
    this.#hashes[number] = h;
    this.#table[slot] = number + 1;
    if (this.#size === this.#ends.length) this.#grow();
    return number;
  }

  /** The string's own bytes. */
  bytes(number: number): Uint8Array {
    return this.#arena.slice(this.#start(number), this.#ends[number]);
  }

  text(number: number): string {
    return new TextDecoder().decode(this.bytes(number));
  }

  #start(number: number): number {
    return number === 0 ? 0 : (this.#ends[number - 1] as number);
  }

  /** The slot that holds the string, or the free one where it belongs. */
  #slot(bytes: Uint8Array, start: number, end: number, h: number): number {
    const mask = this.#table.length - 1;
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot] as number;
      if (entry === 0 || (this.#hashes[entry - 1] === h && this.#equals(entry - 1, bytes, start, end))) return slot;
    }
  }

  #equals(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#start(number);
    if ((this.#ends[number] as number) - own !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#arena[own + i - start] !== bytes[i]) return false;
    return true;
  }

  #append(bytes: Uint8Array, start: number, end: number): number {
    const used = this.#start(this.#size);
    const needed = used + end - start;
    if (needed > this.#arena.length) this.#arena = copyInto(new Uint8Array(Math.max(needed, this.#arena.length * 2)), this.#arena);
    for (let i = start; i < end; i++) this.#arena[used + i - start] = bytes[i] as number;
    this.#ends[this.#size] = needed;
    return this.#size++;
  }

  #grow(): void {
    this.#ends = copyInto(new Int32Array(this.#size * 4), this.#ends);
    this.#hashes = copyInto(new Int32Array(this.#size * 4), this.#hashes);
    this.#table = new Int32Array(this.#size * 8);
    const mask = this.#table.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let slot = (this.#hashes[number] as number) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = number + 1;
    }
  }
}

function copyInto<T extends Uint8Array | Int32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
