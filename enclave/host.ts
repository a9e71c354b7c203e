import { readFile } from "node:fs/promises";
import { readHostMessage, type EnclaveMessage, type HostMessage } from "../src/attestation/quote-channel.js";

/** Whoever started the worker. Everything that it says is untrusted, everything that is sent to it is public. */
export interface Host {
  send(message: EnclaveMessage): void;
  onMessage(listener: (message: HostMessage) => void): void;
  /** The worker has ended. */
  close(): void;
}

/** A parent process, over the process channel: the simulator. */
export function processHost(): Host {
  // No worker outlives its host: nobody else could answer for it.
  process.on("disconnect", () => process.exit());
  return {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on("message", (raw) => {
      const message = read(raw);
      if (message !== undefined) listener(message);
    }),
    close: () => process.disconnect?.(),
  };
}

function read(raw: unknown): HostMessage | undefined {
  try {
    return readHostMessage(raw);
  } catch {
    return undefined;
  }
}

/** An init system: the configuration is a JSON file, SIGTERM and SIGINT mean stop, messages are lines of standard output. */
export function standaloneHost(configFile = "/etc/veritee/worker.json"): Host {
  return {
    send: (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
    onMessage(listener) {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => listener({ type: "stop" }));
      void readFile(configFile, "utf8").then((text) => JSON.parse(text) as unknown).catch(() => undefined)
        .then((config) => listener({ type: "config", config }));
    },
    close: () => undefined,
  };
}
