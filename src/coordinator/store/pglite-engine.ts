import type { PGlite, Results } from "@electric-sql/pglite";
import { VeriteeError } from "../../protocol/errors.js";
import { ensureRoom } from "../disk.js";
import { watchForPanic, type PanicWatch } from "./pglite-panic.js";

/** Between two tries to open the database again: each costs seconds of a processor. */
const REOPEN_MS = 5_000;

export interface EngineParts {
  readonly first: PGlite;
  /** Opens the same folder once more: what was committed is recovered from its log. */
  readonly reopen: () => Promise<PGlite>;
  /** Where the database is. */
  readonly folder: string;
}

/**
 * The embedded database as one that outlives its own panics. A write that fails at the wrong moment (disk full, I/O error) ends
 * a server's process, which is then started again; PGlite is in ours. After a panic nothing is asked of it any more, and the next
 * user gets another one on the same folder.
 */
export class PgliteEngine {
  readonly #parts: EngineParts;
  #pglite: PGlite;
  #watch: PanicWatch;
  #broken: { readonly by: unknown; readonly mayOpenAt: number } | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#pglite = parts.first;
    this.#watch = watchForPanic(parts.first);
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Before each use by somebody new. @throws storage_full, store_failed while it cannot be opened again */
  async ready(): Promise<void> {
    if (this.#broken === undefined) return this.#pglite.waitReady;
    const { by: first, mayOpenAt } = this.#broken;
    if (performance.now() < mayOpenAt) throw stopped(first);
    try {
      await ensureRoom(this.#parts.folder);
      this.#pglite = await this.#parts.reopen();
      this.#watch = watchForPanic(this.#pglite);
      this.#broken = undefined;
    } catch (error) {
      // A start that fails does not always say why: it was the same trouble then.
      const by = typeof (error as { code?: unknown }).code === "string" ? error : first;
      this.#broken = { by, mayOpenAt: performance.now() + REOPEN_MS };
      throw stopped(by);
    }
  }

  async query<R>(text: string, parameters: readonly unknown[]): Promise<Results<R>> {
    if (this.#broken !== undefined) throw stopped(this.#broken.by);
    try {
      return await this.#pglite.query<R>(text, [...parameters]);
    } catch (error) {
      if (this.#watch.panicked()) this.#broken = { by: error, mayOpenAt: 0 };
      throw error;
    }
  }

  /** A broken one cannot even be closed. */
  async close(): Promise<void> {
    if (this.#broken === undefined) await this.#pglite.close();
  }
}

function stopped(by: unknown): VeriteeError {
  const { code } = by as { code?: unknown };
  const full = code === "53100" || code === "storage_full" || code === "ENOSPC";
  return new VeriteeError(full ? "storage_full" : "store_failed", "the embedded database has stopped and is opened again when it can be", {}, { cause: by });
}
