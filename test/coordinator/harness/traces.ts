import { openStore, type DatabaseConfig } from "../../../src/coordinator/store/open.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { replayStore } from "../../../src/coordinator/trace/read.js";

/** Every life that a test's store has recorded must be one that the machines can have had. */
export async function assertTraces(db: Db): Promise<void> {
  const wrong = await replayStore(db);
  if (wrong.length > 0) throw new Error(`recorded traces are not lives of their machines:\n${JSON.stringify(wrong, null, 1)}`);
}

/** The same for a store that its coordinator has closed. */
export async function assertClosedTraces(stateDir: string, database: DatabaseConfig): Promise<void> {
  const db = await openStore(stateDir, database);
  try {
    await assertTraces(db);
  } finally {
    await db.destroy();
  }
}
