import PgBoss from "pg-boss";
import { inParallel, REQUEST_JSON, RESULT_JSON, type Contender } from "./contender.js";

const QUEUE = "bench";

/** Its own calls that a worker is made of, one job at a time: no poll pauses, no maintenance beside. */
export async function openPgBoss(url: string): Promise<Contender> {
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on("error", () => undefined);
  await boss.start();
  await boss.createQueue(QUEUE);
  return {
    name: "pgboss",
    submit: async () => { await boss.send(QUEUE, REQUEST_JSON); },
    drain: (workers) => inParallel(workers, async () => {
      const [job] = await boss.fetch(QUEUE);
      if (job !== undefined) await boss.complete(QUEUE, job.id, RESULT_JSON);
      return job !== undefined;
    }),
    close: () => boss.stop({ graceful: false }),
  };
}
