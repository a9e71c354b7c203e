import { afterAll, beforeAll, expect, test } from "vitest";
import { readReleaseLog } from "../../src/broker/release-log/log.js";
import { sealDataset } from "../../src/cli/roles/enterprise.js";
import { proveRemotely, registerProof } from "../../src/cli/roles/prove-dataset.js";
import { prepareArtefacts } from "../../src/cli/artefacts.js";
import { startWorker } from "../../src/cli/roles/worker.js";
import { DATASET_CIRCUITS } from "../../src/proofs/artefacts.js";
import { partyKey } from "../../src/protocol/ids.js";
import type { ProveStep } from "../../src/enterprise/dataset/prove.js";
import { verifyDatasetProof } from "../../src/proofs/dataset-proof.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import type { LaunchedEnclave } from "../../src/simulator/launch.js";
import { edgeDataset } from "./datasets.js";
import { startWorld, type World } from "./world.js";

// Promise: two workers prove one dataset side by side; one that is killed, and an enterprise that stops and starts again, cost
// nothing that was proved; the ledger takes the proof; and every key that was given is on the owner's log, under its request.

let world: World;
let second: LaunchedEnclave;
beforeAll(async () => {
  await prepareArtefacts(DATASET_CIRCUITS);
  world = await startWorld(smeInvoice, smeInvoice.defaultModel, { leaseSeconds: 15 });
  second = await startWorker({ coordinator: world.url });
  await second.ready;
}, 900_000);
afterAll(async () => {
  await second.stop();
  await world.stop();
});

test("a dataset is proved by two workers of which one is killed, for an enterprise that is interrupted", async () => {
  const { manifest } = await sealDataset(world.enterprise, world.url, smeInvoice, await edgeDataset(smeInvoice), () => undefined);
  const statements = manifest.value.segments.length;
  expect(statements).toBeGreaterThanOrEqual(3);

  const policy = { coordinator: world.url, allowedMeasurements: [world.measurement], allowedAnchors: ["sim"] } as const;
  const halt = new AbortController();
  let mostAtOnce = 0;
  const onLeased = (leased: number): void => {
    mostAtOnce = Math.max(mostAtOnce, leased);
    if (leased === 2) second.kill();
  };
  const stopAtFirst = ({ done }: ProveStep): void => { if (done === 1) halt.abort(new Error("interrupted")); };
  await expect(proveRemotely(world.enterprise, manifest.id, { ...policy, onLeased }, { onStep: stopAtFirst, signal: halt.signal })).rejects.toThrow("interrupted");

  const steps: ProveStep[] = [];
  const proved = await proveRemotely(world.enterprise, manifest.id, { ...policy, onLeased }, { onStep: (step) => steps.push(step) });
  expect(mostAtOnce).toBe(2);
  expect(steps[0]).toEqual({ done: 1, of: statements, resumed: 1 });
  expect(steps.at(-1)).toEqual({ done: statements, of: statements, resumed: 1 });
  expect(() => verifyDatasetProof(proved.proof)).not.toThrow();
  await registerProof(world.enterprise, world.url, proved);

  const { entries } = await readReleaseLog(world.enterprise.folder, partyKey(manifest.value.owner));
  const released = entries.filter((e) => e.subject === manifest.id);
  // One key a worker, however many statements it proved; all under the one request.
  expect(released.map((e) => e.outcome)).toEqual(["released", "released"]);
  expect(new Set(released.map((e) => e.worker)).size).toBe(2);
  expect(new Set(released.flatMap((e) => [e.job, e.policy])).size).toBe(1);
}, 600_000);
