// Promise: a contract that relies on a disclosure is told what an offline verifier would be told.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/chain/client.js";
import { disclosureCall, verifyOnLedger } from "../../src/chain/disclosure.js";
import { disclosureVerifierAbi } from "../../src/chain/generated/disclosure-verifier.js";
import { toHex0x, with0x } from "../../src/chain/encode.js";
import { refused } from "../../src/chain/errors.js";
import type { DisclosureContext, Claim } from "../../src/protocol/disclosure.js";
import { disclosureChallenge, disclosureSignals, recipientDigest } from "../../src/protocol/disclosure.js";
import { disclosureToJson } from "../../src/protocol/disclosure-file.js";
import { field, R, type Field } from "../../src/protocol/field.js";
import type { LedgerAddress } from "../../src/protocol/ids.js";
import { partyKey } from "../../src/protocol/ids.js";
import type { Disclosure } from "../../src/protocol/objects/disclosure.js";
import type { PinnedKey } from "../../src/proofs/pinned-key.js";
import { verificationKeyFromBytes, verificationKeySha256 } from "../../src/proofs/vk.js";
import { verifyDisclosure } from "../../src/verifier/verify-disclosure.js";
import { malleate, simulatedKey, type SimulatedKey } from "./harness/groth16.js";
import { CHAIN_ID, FAR, refusalOf, startWorld, type World } from "./harness/world.js";

const RECIPIENT = "Bank of Examples";
const CLAIM: Claim = { scoreAtLeast: 600, gradeAtMost: 2, owner: partyKey("0a".repeat(32)), model: field(7) };

let w: World;
let key: SimulatedKey;
let pinned: PinnedKey;
let score: PinnedKey;
let contract: LedgerAddress;
let job: Field;
let result: Field;

beforeAll(async () => {
  w = await startWorld("disclosure-verifier");
  await w.insert(w.rng.field());
  key = simulatedKey(w.rng, 6);
  [pinned, score] = [pinnedOf(key), pinnedOf(w.key)];
  contract = w.deployment.disclosureVerifier as LedgerAddress;
  const signals = await w.signals();
  await w.sender.submitReceipt(w.submission(signals));
  [job, result] = [signals.jobBinding, signals.resultCommitment];
}, 60_000);
afterAll(() => w?.stop());

function pinnedOf({ bytes }: SimulatedKey): PinnedKey {
  const verifying = verificationKeyFromBytes(bytes);
  return { key: verifying, sha256: verificationKeySha256(verifying), development: true };
}

const onChain = (d: Disclosure) => refusalOf(verifyOnLedger({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID }, contract, d));
const accepted = { code: "accepted", reason: undefined };
const refusedFor = (reason: string) => ({ code: "chain_refused", reason });

/** A disclosure that holds, but for what is changed before it is proved. */
function disclosure({ claim = {}, context = {}, resultCommitment = result }: { claim?: Partial<Claim>; context?: Partial<DisclosureContext>; resultCommitment?: Field } = {}): Disclosure {
  const all = { ...CLAIM, ...claim };
  const at = { chainId: CHAIN_ID, ledger: w.deployment.receiptLedger, jobBinding: job, recipient: RECIPIENT, expiresAt: FAR, ...context };
  const proof = key.prove(disclosureSignals(resultCommitment, all, at));
  return { context: at, claim: all, resultCommitment, proof, verificationKeySha256: pinned.sha256, developmentParameters: true };
}

const later = (d: Disclosure, change: { claim?: Partial<Claim>; context?: Partial<DisclosureContext>; resultCommitment?: Field }): Disclosure =>
  ({ ...d, ...change, claim: { ...d.claim, ...change.claim }, context: { ...d.context, ...change.context } });

it("refuses everything before the circuit is registered", async () => {
  expect(await onChain(disclosure())).toEqual(refusedFor("CircuitUnknown"));
  await w.sender.registerCircuit({ role: "disclose", program: undefined, key: key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });
  expect(await onChain(disclosure())).toEqual(accepted);
});

it("computes the challenge that everybody else computes", async () => {
  const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID });
  const { context } = disclosure();
  const args = [job, toHex0x(recipientDigest(RECIPIENT)), BigInt(FAR)] as const;
  expect(await viem.readContract({ address: with0x(contract), abi: disclosureVerifierAbi, functionName: "challengeOf", args })).toBe(disclosureChallenge(context));
});

describe("accepts, as the offline verifier does", () => {
  it.each<[string, () => Disclosure]>([
    ["a whole claim", () => disclosure()],
    ["a grade alone", () => disclosure({ claim: { scoreAtLeast: undefined, owner: undefined, model: undefined } })],
    ["a score alone", () => disclosure({ claim: { gradeAtMost: undefined, owner: undefined, model: undefined } })],
    ["the same statement re-randomised", () => { const d = disclosure(); return { ...d, proof: malleate(d.proof, 7n) }; }],
  ])("%s", async (_, make) => agree(make(), accepted));
});

describe("refuses, as the offline verifier does", () => {
  it.each<[string, () => Disclosure, string]>([
    ["a point more", () => later(disclosure(), { claim: { scoreAtLeast: 601 } }), "ProofInvalid"],
    ["no score", () => later(disclosure(), { claim: { scoreAtLeast: undefined } }), "ProofInvalid"],
    ["a better grade", () => later(disclosure(), { claim: { gradeAtMost: 1 } }), "ProofInvalid"],
    ["another owner", () => later(disclosure(), { claim: { owner: partyKey("0b".repeat(32)) } }), "ProofInvalid"],
    ["another model", () => later(disclosure(), { claim: { model: field(8) } }), "ProofInvalid"],
    ["a later expiry written in", () => later(disclosure({ context: { expiresAt: FAR - 1 } }), { context: { expiresAt: FAR } }), "ProofInvalid"],
    ["a disclosure for another recipient", () => later(disclosure({ context: { recipient: "another" } }), { context: { recipient: RECIPIENT } }), "ProofInvalid"],
    ["a proof for another chain", () => later(disclosure({ context: { chainId: 1 } }), { context: { chainId: CHAIN_ID } }), "ProofInvalid"],
    ["a proof for another job", () => later(disclosure({ context: { jobBinding: field(5) } }), { context: { jobBinding: job } }), "ProofInvalid"],
    ["a job without a receipt", () => disclosure({ context: { jobBinding: field(5) } }), "NoReceipt"],
    ["another result", () => disclosure({ resultCommitment: field(9) }), "ResultDiffers"],
    ["an expired disclosure", () => disclosure({ context: { expiresAt: 1_000 } }), "Expired"],
  ])("%s", async (_, make, reason) => agree(make(), refusedFor(reason)));

  it("signals that are another name of the same statement, or of another challenge", async () => {
    const d = disclosure();
    for (const [index, change, reason] of [
      [0, (s: bigint) => s + R, "SignalOutOfRange"], [1, (s: bigint) => s + R, "SignalOutOfRange"], [4, (s: bigint) => s + R, "SignalOutOfRange"],
      [5, (s: bigint) => s + 1n, "ChallengeDiffers"],
    ] as const) {
      const call = disclosureCall(contract, d);
      const args = call.args.map((a, i) => (i === 3 ? (a as bigint[]).map((s, j) => (j === index ? change(s) : s)) : a));
      const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: CHAIN_ID });
      const asked = viem.readContract({ ...call, args }).catch((error: unknown) => Promise.reject(refused("verify", error)));
      expect(await refusalOf(asked)).toEqual(refusedFor(reason));
    }
  });
});

/** Chain and offline verifier, which asks the same ledger, come to the same verdict. */
async function agree(d: Disclosure, expected: { code: string; reason: string | undefined }): Promise<void> {
  const { time } = await w.reader.head();
  const offline = await verifyDisclosure(disclosureToJson(d), { recipient: RECIPIENT, now: time, key: pinned, verify: { anchors: {}, chain: w.reader, keys: () => score, allowDevelopmentParameters: true } });
  expect(await onChain(d)).toEqual(expected);
  expect(offline.ok, JSON.stringify(offline.checks)).toBe(expected.code === "accepted");
}

it("stops when the circuit is retired", async () => {
  await w.sender.retireCircuit("disclose", undefined);
  expect(await onChain(disclosure())).toEqual(refusedFor("CircuitRetired"));
});
