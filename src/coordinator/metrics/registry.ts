import { numberText, type Family, type Labels, type Sample } from "./exposition.js";

/** A number that only grows, for each set of labels. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels, amount = 1): void {
    const key = JSON.stringify(labels);
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, { labels, value: amount });
    else known.value += amount;
  }

  family(): Family {
    const samples = [...this.#values.values()].map(({ labels, value }) => ({ name: this.#name, labels, value }));
    return { name: this.#name, help: this.#help, type: "counter", samples };
  }
}

interface Observed { readonly labels: Labels; readonly counts: number[]; sum: number }

/** How values are spread, for each set of labels. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #values = new Map<string, Observed>();

  /** @param bounds upper ends of the buckets, ascending; +Inf is added */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = [...bounds, Number.POSITIVE_INFINITY];
  }

  observe(labels: Labels, value: number): void {
    const key = JSON.stringify(labels);
    const known = this.#values.get(key) ?? { labels, counts: this.#bounds.map(() => 0), sum: 0 };
    this.#values.set(key, known);
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    known.counts[bucket] = (known.counts[bucket] as number) + 1;
    known.sum += value;
  }

  family(): Family {
    return { name: this.#name, help: this.#help, type: "histogram", samples: [...this.#values.values()].flatMap((o) => this.#samplesOf(o)) };
  }

  #samplesOf({ labels, counts, sum }: Observed): Sample[] {
    let total = 0;
    const buckets = this.#bounds.map((bound, i) => {
      total += counts[i] as number;
      return { name: `${this.#name}_bucket`, labels: { ...labels, le: numberText(bound) }, value: total };
    });
    return [...buckets, { name: `${this.#name}_sum`, labels, value: sum }, { name: `${this.#name}_count`, labels, value: total }];
  }
}
