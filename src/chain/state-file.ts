import { copyFile, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { VeriteeError } from "../protocol/errors.js";
import { rpc } from "./rpc.js";

// anvil writes its state when it is asked to end, over the old file and not at once: whoever kills it meanwhile finds half
// a file. We therefore keep a copy of our own beside it, replaced by renaming, and start from the newer one that is whole.

/** How much a kill -9 of the chain may lose. */
const SAVE_INTERVAL_MS = 1_000;

const savedBeside = (file: string): string => `${file}.saved`;

/**
 * Puts the newest whole state in `file`, for anvil to load; nothing when there is none yet.
 * @throws store_failed when there are states and none is whole
 */
export async function restoreState(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const [own, saved] = await Promise.all([heightOf(file), heightOf(savedBeside(file))]);
  if (typeof saved === "number" && (typeof own !== "number" || saved > own)) return copyFile(savedBeside(file), file);
  if (own === "torn") throw new VeriteeError("store_failed", "the development chain's state is damaged and has no copy", { file });
}

/** Block number of a state. */
async function heightOf(file: string): Promise<number | "torn" | "none"> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new VeriteeError("store_failed", "the development chain's state cannot be read", { file }, { cause: error });
  });
  if (text === undefined) return "none";
  try {
    const { best_block_number: height } = JSON.parse(text) as { best_block_number: number | string };
    const value = Number(height);
    return Number.isSafeInteger(value) ? value : "torn";
  } catch {
    return "torn";
  }
}

/** Saves the state while the chain runs, when there is a new block. */
export class StateKeeper {
  readonly #rpcUrl: string;
  readonly #file: string;
  readonly #onProblem: (problem: VeriteeError) => void;
  readonly #timer: NodeJS.Timeout;
  #saving: Promise<void> = Promise.resolve();
  #busy = false;
  #height: unknown;

  constructor(rpcUrl: string, file: string, onProblem: (problem: VeriteeError) => void) {
    this.#rpcUrl = rpcUrl;
    this.#file = savedBeside(file);
    this.#onProblem = onProblem;
    this.#timer = setInterval(() => this.#tick(), SAVE_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Resolves when no save is under way, and none will be. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saving;
  }

  #tick(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#saving = this.#save()
      .catch((cause: NodeJS.ErrnoException) => this.#onProblem(new VeriteeError(
        cause.code === "ENOSPC" ? "storage_full" : "store_failed", "the development chain's state was not saved", {}, { cause })))
      .finally(() => { this.#busy = false; });
  }

  async #save(): Promise<void> {
    const height = await rpc(this.#rpcUrl, "eth_blockNumber", []);
    if (height === this.#height) return;
    const dump = await rpc(this.#rpcUrl, "anvil_dumpState", []);
    if (typeof dump !== "string") throw new Error("no state in the answer");
    const temporary = `${this.#file}.new`;
    const handle = await open(temporary, "w", 0o600);
    try {
      await handle.writeFile(gunzipSync(Buffer.from(dump.slice(2), "hex")));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, this.#file);
    this.#height = height;
  }
}
