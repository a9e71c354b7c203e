import type { PGlite } from "@electric-sql/pglite";

export interface PanicWatch { panicked(): boolean }

/** What PGlite 0.5 runs its server by. Its types keep these to themselves. */
interface Inside {
  readonly POSTGRES_MAIN_LONGJMP: number;
  readonly mod: { _PostgresMainLoopOnce(): void; stackRestore(to: number): void };
  execProtocolRawSync(message: Uint8Array): Uint8Array;
}

/**
 * Notices when the server inside has come to its end, and lets no message through to it any more. PGlite puts every message to
 * its main loop until the message is gone, whatever the loop throws: one that has panicked never takes the message, and the whole
 * process would stay in that loop. A failed statement leaves the main loop by its own jump and is none.
 */
export function watchForPanic(pglite: PGlite): PanicWatch {
  const inside = pglite as unknown as Inside;
  const { mod, POSTGRES_MAIN_LONGJMP } = inside;
  const [loopOnce, restore, execute] = [mod._PostgresMainLoopOnce.bind(mod), mod.stackRestore.bind(mod), inside.execProtocolRawSync.bind(pglite)];
  let panic: { readonly by: unknown } | undefined;
  let again = false;
  mod._PostgresMainLoopOnce = () => {
    again = panic !== undefined;
    if (panic !== undefined) throw panic.by;
    try {
      loopOnce();
    } catch (error) {
      if ((error as { status?: unknown }).status !== POSTGRES_MAIN_LONGJMP) panic = { by: error };
      throw error;
    }
  };
  // Called where PGlite swallows what the main loop threw: the one place to get out of it.
  mod.stackRestore = (to) => {
    if (again) throw panic?.by;
    restore(to);
  };
  // Nothing comes back, so that what the panic itself said is what the caller is told.
  inside.execProtocolRawSync = (message) => (panic === undefined ? execute(message) : new Uint8Array(0));
  return { panicked: () => panic !== undefined };
}
