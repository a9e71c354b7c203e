/** Waits for something that ends by itself, or for SIGINT/SIGTERM, which ends it in order. */
export async function untilInterrupted<T>(ended: Promise<T>, stop: () => Promise<T>): Promise<T> {
  let signalled: () => void = () => undefined;
  const signal = new Promise<"signal">((resolve) => {
    signalled = () => resolve("signal");
  });
  process.once("SIGINT", signalled);
  process.once("SIGTERM", signalled);
  try {
    const first = await Promise.race([ended.then((value) => ({ value })), signal]);
    return first === "signal" ? await stop() : first.value;
  } finally {
    process.off("SIGINT", signalled);
    process.off("SIGTERM", signalled);
  }
}
