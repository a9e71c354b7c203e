/** A small least-recently-used table: bounded, so that hostile input cannot grow it. */
export class Memo<V> {
  readonly #entries = new Map<string, V>();
  constructor(readonly limit: number) {}

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.limit) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** Unix seconds, both inclusive: when everything that something rests on is good. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

export const holdsAt = ({ from, until }: Window, at: number): boolean => from <= at && at <= until;

export const meet = (...windows: readonly Window[]): Window => ({
  from: Math.max(...windows.map((w) => w.from)), until: Math.min(...windows.map((w) => w.until)),
});
