// Run by memory.test.ts in a process of its own: a broker that gives one key to one worker, then waits to be looked at.
import { create } from "@bufbuild/protobuf";
import { createInterface } from "node:readline";
import { SIMULATION_ANCHORS } from "../../../src/attestation/roots.js";
import { KeyBroker } from "../../../src/broker/key-broker.js";
import { openKeyStore } from "../../../src/broker/keystore/open.js";
import { ReleaseLog } from "../../../src/broker/release-log/log.js";
import { grantBook } from "../../../src/enterprise/grant-book.js";
import { grantPolicy } from "../../../src/enterprise/grant-policy.js";
import { enterpriseFromSeed } from "../../../src/enterprise/identity.js";
import { fromBase64, fromHex } from "../../../src/protocol/bytes.js";
import { envelopeFromBytes } from "../../../src/protocol/dsse.js";
import { jobRequest, keyReply } from "../../../src/protocol/objects/index.js";
import { BrokerItemSchema } from "../../../src/protocol/wire/veritee_pb.js";
import { manualClock, seededRandom } from "../../harness/seeded.js";
import { WorkerDouble } from "../../harness/worker-double.js";

interface Task { readonly keys: string; readonly book: string; readonly log: string; readonly seed: string; readonly job: string; readonly measurement: string; readonly at: number; readonly canary: string }
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const task = JSON.parse(((await lines.next()).value as string)) as Task;

// Kept on purpose: what the search must find.
const canary = Buffer.from(fromHex(task.canary));
const { signing } = enterpriseFromSeed(fromHex(task.seed));
const clock = manualClock(task.at);
const keys = await openKeyStore(task.keys, "passphrase");
const log = await ReleaseLog.open(task.log, signing);
const broker = new KeyBroker({
  identity: signing, keys, policy: grantPolicy(await grantBook(task.book, signing.publicKey)), log, anchors: SIMULATION_ANCHORS, appraisalPolicy: undefined, clock: clock.now, random: seededRandom("broker"),
});
const worker = new WorkerDouble(seededRandom("worker"), clock.now, task.measurement as never);
const job = envelopeFromBytes(fromBase64(task.job));
const { id, value } = jobRequest.open(job);
const needed = { job: id, holder: signing.publicKey, subject: value.dataset };
const request = worker.request(needed).envelope;
const first = await broker.handle(create(BrokerItemSchema, { request, job }));
if (first.kind !== "challenge") throw new Error("no challenge");
const { envelope: evidence } = await worker.answer(first.envelope, needed);
const second = await broker.handle(create(BrokerItemSchema, { request, job, evidence }));
process.stdout.write(`${JSON.stringify({ outcome: second.kind === "reply" ? keyReply.open(second.envelope).value.outcome.kind : second.kind })}\n`);
await lines.next();
process.stdout.write(`${canary.length}\n`);
process.exit(0);
