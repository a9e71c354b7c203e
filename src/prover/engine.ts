import { availableParallelism } from "node:os";
import { curves, type Curve } from "snarkjs";
import { EngineThreads } from "./engine-threads.js";

const MAX_THREADS = 16;

let warm: Promise<{ readonly curve: Curve; readonly threads: EngineThreads }> | undefined;

/** The curve engine, built once a process and kept warm, with threads of our own (see engine-thread.ts). */
export async function engine(): Promise<Curve> {
  warm ??= open();
  return (await warm).curve;
}

/** Ends the engine's threads and forgets the engine; the next use builds it again. */
export async function terminate(): Promise<void> {
  const closing = warm;
  warm = undefined;
  if (closing === undefined) return;
  const { threads } = await closing;
  await threads.close();
}

async function open(): Promise<{ curve: Curve; threads: EngineThreads }> {
  const curve = await curves.getCurveFromName("bn128", { singleThread: true });
  const count = Math.min(availableParallelism(), MAX_THREADS);
  const threads = await EngineThreads.open(curve.tm.code, count);
  curve.tm.singleThread = false;
  curve.tm.concurrency = count;
  curve.tm.queueAction = (task) => threads.run(task);
  return { curve, threads };
}
