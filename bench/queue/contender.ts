/** A queue under measurement. All of them carry the same bytes with a job and, where they keep results, with its completion. */
export interface Contender {
  readonly name: string;
  /** Puts one job in, durably. */
  submit(): Promise<void>;
  /** Has so many workers take and complete one job after another each, until none is left; milliseconds for `count` of them. */
  drain(workers: number, count: number): Promise<number>;
  close(): Promise<void>;
}

/** Bytes that a job carries: about a signed request. */
export const REQUEST = Uint8Array.from({ length: 400 }, (_, i) => i);
/** Bytes that a completion carries, in parts: receipt, certificate and a sealed result. */
export const RESULT = { receipt: REQUEST, certificate: REQUEST, sealed: REQUEST };
/** The same for queues that take JSON. */
export const REQUEST_JSON = { request: Buffer.from(REQUEST).toString("base64") };
export const RESULT_JSON = Object.fromEntries(Object.entries(RESULT).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]));

/** Each of so many workers does one after another until it is told that there is no more. */
export async function inParallel(workers: number, step: (worker: number) => Promise<boolean>): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: workers }, async (_, worker) => {
    while (await step(worker));
  }));
  return performance.now() - start;
}
