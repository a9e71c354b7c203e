// A worker of the load test, in a process of its own. THE PROOF IS STUBBED: everything it signs is signed as a worker does, but
// it scores nothing and proves nothing; the proof's place holds the same bytes every time. Nothing outside of test/ can start it.
import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { toHex } from "../../src/protocol/bytes.js";
import { signingKey } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { JobId, LedgerAddress, PartyKey } from "../../src/protocol/ids.js";
import { ProgressSchema, type Lease } from "../../src/protocol/wire/veritee_pb.js";
import type { DeploymentView } from "../../src/transport/api.js";
import { completionOf, random, type Party, type WorkerParty } from "../coordinator/harness/parties.js";
import { anywhere } from "./anywhere.js";

export interface StubWorkerSettings { readonly urls: readonly string[]; readonly first: number; readonly parties: readonly PartyKey[]; readonly deployment: DeploymentView }

const WAIT_SECONDS = 5;
const coordinate = new Uint8Array(32).fill(0x57);
const STUBBED_PROOF = { a: [coordinate, coordinate], b: [coordinate, coordinate, coordinate, coordinate], c: [coordinate, coordinate] };

const { urls, first, parties, deployment } = JSON.parse(readFileSync(0, "utf8")) as StubWorkerSettings;
const worker = await register();
const recipients = parties.map((publicKey) => ({ key: { publicKey } }) as Party);
process.stdout.write("registered\n");
// A test that was killed stops nobody.
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.exit(1); }, 1000);
for (;;) {
  const lease = await worker.api.lease(WAIT_SECONDS);
  if (lease !== undefined) await work(lease);
}

/** As a measured worker that starts: with keys that nobody had before. */
async function register(): Promise<WorkerParty> {
  const key = signingKey(random(32));
  const api = anywhere(urls, key, first);
  const identity = { signingKey: key.publicKey, ledgerAddress: toHex(random(20)) as LedgerAddress };
  for (;;) {
    try {
      const evidence = { platform: "sim" as const, evidence: random(100), collateral: new Uint8Array() };
      await api.registerWorker({ worker: identity, evidence, nonce: await api.workerChallenge(), appraisedAt: 0 });
      return { key, api, identity };
    } catch (error) {
      // Its challenge was used up by a registration whose answer was lost with the coordinator.
      if (!(error instanceof VeriteeError) || error.code !== "challenge_unknown") throw error;
    }
  }
}

async function work(lease: Lease): Promise<void> {
  const job = toHex(lease.jobId) as JobId;
  try {
    await worker.api.heartbeat(job, lease.leaseToken, create(ProgressSchema, { phase: "prove", percent: 50 }));
    await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, recipients, { deployment } as never, { proof: STUBBED_PROOF }));
  } catch (error) {
    // It lapsed while no coordinator answered; the job waits to be taken again.
    if (!(error instanceof VeriteeError) || error.code !== "lease_lost") throw error;
  }
}
