import type { Bytes } from "../../src/protocol/bytes.js";

/**
 * The secret bytes of one job, zeroed together when it ends, however it ends.
 *
 * What this can and cannot do: it overwrites the buffers that we hold (data keys, HPKE private keys, opened segments).
 * JavaScript gives no hold on copies that the engine, WebCrypto or the prover make, nor on numbers, bigints and the
 * scorecard's text, which stay until the garbage collector reuses their memory. The enclave's memory encryption is what
 * protects those; wiping shortens the time in which a break of the enclave finds whole keys and chunks.
 */
export class Secrets {
  readonly #held = new Set<Bytes>();

  /** Registers bytes for wiping and returns them. */
  keep<T extends Bytes>(bytes: T): T {
    this.#held.add(bytes);
    return bytes;
  }

  /** Wipes one value early, as soon as it is of no more use. */
  wipe(bytes: Bytes): void {
    bytes.fill(0);
    this.#held.delete(bytes);
  }

  wipeAll(): void {
    for (const bytes of this.#held) bytes.fill(0);
    this.#held.clear();
  }
}
