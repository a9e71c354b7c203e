// Run by brokers.test.ts in a process of its own, to be killed at any change of its files: a task as JSON on standard input, a line of JSON for all that is done.
import { changesSoFar } from "./kill-at.js";
import { readFileSync } from "node:fs";
import { openKeyStore } from "../../../src/broker/keystore/open.js";
import { rotateKeyStore } from "../../../src/broker/keystore/rotate.js";
import type { ReleaseEvent } from "../../../src/broker/release-log/entry.js";
import { ReleaseLog } from "../../../src/broker/release-log/log.js";
import { signingKey } from "../../../src/protocol/dsse.js";
import type { ObjectId } from "../../../src/protocol/ids.js";

type Task =
  | { readonly kind: "log"; readonly folder: string; readonly from: number; readonly lines: number }
  | { readonly kind: "rotate"; readonly folder: string; readonly from: string; readonly to: string }
  | { readonly kind: "destroy"; readonly folder: string; readonly secret: string; readonly name: string }
  | { readonly kind: "race"; readonly folder: string; readonly jobs: readonly string[]; readonly policy: string; readonly maxUses: number };

const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const id = (n: number): never => n.toString(16).padStart(64, "0") as never;
const owner = signingKey(new Uint8Array(32).fill(1));

async function run(task: Task): Promise<void> {
  switch (task.kind) {
    case "log": {
      const log = await ReleaseLog.open(task.folder, owner);
      for (let n = task.from; n < task.from + task.lines; n++) {
        await log.append({ at: n, outcome: "released", request: id(n), job: id(n), subject: id(7), worker: id(8), policy: id(9) } as ReleaseEvent);
        say({ sent: n });
      }
      await log.appendDeletion({ subject: id(6) as ObjectId, destroyedAt: 1, method: "overwritten" }, 2);
      return log.close();
    }
    case "rotate":
      await rotateKeyStore(task.folder, { secret: task.from }, { secret: task.to }, () => 1);
      return;
    case "destroy":
      await (await openKeyStore(task.folder, task.secret)).destroy(task.name);
      return;
    case "race":
      for (const job of task.jobs) await releaseOnce(task, job);
  }
}

/** As a broker that has the folder for one decision, and then makes room for another. */
async function releaseOnce(task: Task & { kind: "race" }, job: string): Promise<void> {
  for (;;) {
    try {
      const log = await ReleaseLog.open(task.folder, owner);
      const used = log.jobsUnder(task.policy as ObjectId);
      if (used.has(job as never) || used.size < task.maxUses) {
        await log.append({ at: 1, outcome: "released", request: job, job, subject: id(7), worker: id(8), policy: task.policy } as unknown as ReleaseEvent);
        say({ released: job });
      }
      return await log.close();
    } catch (error) {
      if ((error as { code?: string }).code !== "store_locked") throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

await run(JSON.parse(readFileSync(0, "utf8")) as Task);
say({ done: true, changes: changesSoFar() });
