import { expect } from "vitest";
import { hexId, type JobId, type ObjectId } from "../../../src/protocol/ids.js";
import { keyChallenge, keyEvidence, keyReply, keyRequest } from "../../../src/protocol/objects/index.js";
import { now, random, type Case, type WorkerParty } from "./parties.js";

/** Worker and broker through all four messages. */
export async function releaseKey(c: Case, worker: WorkerParty, job: JobId): Promise<void> {
  const request = keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: worker.identity, nonce: random(32) }, worker.key);
  const inbox = c.owner.api.brokerInbox(5);
  await worker.api.putKeyRequest(request.envelope);
  const [item] = await inbox;
  expect(keyRequest.open(item?.request as never).id).toBe(request.id);

  const challenge = keyChallenge.sign({ request: request.id, nonce: random(32), policyId: hexId<ObjectId>("11".repeat(32), 32, "p"), expiresAt: now() + 300 }, c.owner.key);
  const waiting = worker.api.keyRequest(request.id, 0, 5);
  await c.owner.api.putChallenge(challenge.envelope);
  expect(keyChallenge.open((await waiting).challenge as never).id).toBe(challenge.id);

  const evidence = keyEvidence.sign({
    request: request.id, challenge: challenge.id, replyKey: { suite: 1, publicKey: random(32) }, evidence: { platform: "sim", evidence: random(50), collateral: new Uint8Array() },
  }, worker.key);
  const next = c.owner.api.brokerInbox(5);
  await worker.api.putKeyEvidence(evidence.envelope);
  expect(keyEvidence.open((await next)[0]?.evidence as never).id).toBe(evidence.id);

  const reply = keyReply.sign({ request: request.id, challenge: challenge.id, outcome: { kind: "released", box: { suite: 1, enc: random(32), ciphertext: random(48) } } }, c.owner.key);
  const answer = worker.api.keyRequest(request.id, 1, 5);
  await c.owner.api.putReply(reply.envelope);
  expect(keyReply.open((await answer).reply as never).id).toBe(reply.id);
  expect(await c.owner.api.brokerInbox(0)).toEqual([]);
}
