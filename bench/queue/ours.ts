import { randomBytes } from "node:crypto";
import { claim } from "../../src/coordinator/queue/claim.js";
import { complete } from "../../src/coordinator/queue/complete.js";
import { enqueue } from "../../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { openStore, type DatabaseConfig } from "../../src/coordinator/store/open.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { inParallel, REQUEST, RESULT, type Contender } from "./contender.js";

const hex = (n: number): string => n.toString(16).padStart(64, "0");

/** Ours, without HTTP, signatures or a ledger. */
export async function openOurs(name: string, stateDir: string, database: DatabaseConfig): Promise<Contender> {
  const db = await openStore(stateDir, database);
  await insertParents(db);
  const results = { receipt: RESULT.receipt, certificate: RESULT.certificate, sealed: [{ recipient: hex(5), envelope: RESULT.sealed }], timings: "{}" };
  return {
    name,
    submit: async () => {
      await enqueue(db, {
        id: randomBytes(32).toString("hex"), platform: hex(5), owner: hex(2), dataset: hex(1), model: hex(4), grant_id: hex(7), program: "p/1", leaf: hex(3),
        not_after: 1n << 40n, envelope: REQUEST,
      });
    },
    drain: (workers) => inParallel(workers, async (i) => {
      const worker = hex(100 + i);
      const job = await claim(db, worker, DEFAULT_LIMITS);
      if (job !== undefined) await complete(db, { job: job.id, worker, token: job.lease_token }, results);
      return job !== undefined;
    }),
    close: () => db.destroy(),
  };
}

async function insertParents(db: Db): Promise<void> {
  await db.insertInto("datasets").values({ id: hex(1), owner: hex(2), program: "p/1", leaf: hex(3), authority: "00".repeat(20), envelope: REQUEST }).execute();
  await db.insertInto("models").values({ id: hex(4), platform: hex(5), program: "p/1", commitment: hex(6), envelope: REQUEST }).execute();
  await db.insertInto("grants").values({
    id: hex(7), owner: hex(2), dataset: hex(1), grantee: hex(5), programs: "[]", purpose: "x", not_before: 0n, not_after: 1n << 40n, max_uses: 1, envelope: REQUEST,
  }).execute();
}
