import { Logger, makeWorkerUtils, runOnce } from "graphile-worker";
import { REQUEST_JSON, type Contender } from "./contender.js";

const TASK = "bench";
const silent = new Logger(() => () => undefined);

/** Its own runner, with as many jobs at once as there are workers. It keeps no results: a job that is done is deleted. */
export async function openGraphile(url: string): Promise<Contender> {
  const { default: pg } = await import("pg");
  const pgPool = new pg.Pool({ connectionString: url, max: 10 });
  pgPool.on("error", () => undefined);
  pgPool.on("connect", (client) => { client.on("error", () => undefined); });
  const utils = await makeWorkerUtils({ pgPool, logger: silent });
  await utils.migrate();
  return {
    name: "graphile",
    submit: async () => { await utils.addJob(TASK, REQUEST_JSON); },
    drain: async (workers, count) => {
      // Its start looks at migrations and tasks: counted from the first job that it has taken.
      let first: number | undefined;
      let done = 0;
      await runOnce({
        pgPool, logger: silent, concurrency: workers, noHandleSignals: true,
        taskList: { [TASK]: () => { first ??= performance.now(); done++; } },
      });
      if (done !== count) throw new Error(`graphile-worker did ${done} of ${count} jobs`);
      return performance.now() - (first ?? 0);
    },
    close: async () => {
      await utils.release();
      await pgPool.end();
    },
  };
}
