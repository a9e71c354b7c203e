import { hexId, type JobId, type ObjectId } from "../../../src/protocol/ids.js";
import { keyChallenge, keyEvidence, keyReply, keyRequest } from "../../../src/protocol/objects/index.js";
import type { BrokerItem } from "../../../src/protocol/wire/veritee_pb.js";
import { now, random, type Case, type WorkerParty } from "../../coordinator/harness/parties.js";

const PATIENCE_MS = 120_000;

/**
 * Worker and broker through all four messages, each of them asking again until it has what it waits for.
 * @param beat renews the lease, without which nobody is given a key. @throws what it throws
 */
export async function releaseKeyInsisting(c: Case, worker: WorkerParty, job: JobId, beat: () => Promise<void>): Promise<void> {
  const asked = <T>(question: () => Promise<T | undefined>): Promise<T> => askAgain(question, beat);
  const request = keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: worker.identity, nonce: random(32) }, worker.key);
  await worker.api.putKeyRequest(request.envelope);
  const mine = (items: readonly BrokerItem[]) => items.find((item) => item.request !== undefined && keyRequest.open(item.request).id === request.id);
  await asked(async () => mine(await c.owner.api.brokerInbox(1)));

  const challenge = keyChallenge.sign({ request: request.id, nonce: random(32), policyId: hexId<ObjectId>("11".repeat(32), 32, "policy"), expiresAt: now() + 300 }, c.owner.key);
  await c.owner.api.putChallenge(challenge.envelope);
  await asked(async () => (await worker.api.keyRequest(request.id, 0, 1)).challenge);

  const evidence = keyEvidence.sign({
    request: request.id, challenge: challenge.id, replyKey: { suite: 1, publicKey: random(32) }, evidence: { platform: "sim", evidence: random(50), collateral: new Uint8Array() },
  }, worker.key);
  await worker.api.putKeyEvidence(evidence.envelope);
  await asked(async () => mine(await c.owner.api.brokerInbox(1))?.evidence);

  const reply = keyReply.sign({ request: request.id, challenge: challenge.id, outcome: { kind: "released", box: { suite: 1, enc: random(32), ciphertext: random(48) } } }, c.owner.key);
  await c.owner.api.putReply(reply.envelope);
  await asked(async () => (await worker.api.keyRequest(request.id, 1, 1)).reply);
}

async function askAgain<T>(question: () => Promise<T | undefined>, beat: () => Promise<void>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error("a message of a key's release did not arrive");
    await beat();
  }
}
