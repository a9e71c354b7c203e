import { Worker } from "node:worker_threads";
import type { EngineCommand } from "snarkjs";
import { ENGINE_THREAD } from "./engine-thread.js";

interface Job {
  readonly message: unknown;
  readonly resolve: (out: Uint8Array[]) => void;
  readonly reject: (cause: unknown) => void;
}

const INITIAL_PAGES = 25;

/** Threads that run tasks of the curve engine, first come first served. They do not keep the process alive when idle. */
export class EngineThreads {
  readonly #idle: Worker[] = [];
  readonly #queue: Job[] = [];
  readonly #running = new Map<Worker, Job>();
  readonly #all: readonly Worker[];

  private constructor(count: number) {
    this.#all = Array.from({ length: count }, () => this.#start());
  }

  static async open(code: Uint8Array, count: number): Promise<EngineThreads> {
    const threads = new EngineThreads(count);
    await Promise.all(threads.#all.map((worker) =>
      new Promise<Uint8Array[]>((resolve, reject) => threads.#give(worker, { message: code, resolve, reject }))));
    return threads;
  }

  run(task: readonly EngineCommand[]): Promise<Uint8Array[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ message: task, resolve, reject });
      this.#next();
    });
  }

  /** Stops all threads; tasks under way are rejected. */
  async close(): Promise<void> {
    this.#queue.splice(0).forEach((job) => job.reject(new Error("engine threads closed")));
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  #start(): Worker {
    const worker = new Worker(ENGINE_THREAD, { eval: true, workerData: { pages: INITIAL_PAGES } });
    worker.unref();
    worker.on("message", (out: Uint8Array[]) => this.#finish(worker, (job) => job.resolve(out)));
    worker.on("error", (cause) => this.#finish(worker, (job) => job.reject(cause)));
    worker.on("exit", () => {
      this.#running.get(worker)?.reject(new Error("engine thread ended"));
      this.#running.delete(worker);
    });
    return worker;
  }

  #give(worker: Worker, job: Job): void {
    this.#running.set(worker, job);
    worker.ref();
    worker.postMessage(job.message);
  }

  #finish(worker: Worker, settle: (job: Job) => void): void {
    const job = this.#running.get(worker);
    this.#running.delete(worker);
    worker.unref();
    this.#idle.push(worker);
    if (job !== undefined) settle(job);
    this.#next();
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) this.#give(this.#idle.pop() as Worker, this.#queue.shift() as Job);
  }
}
