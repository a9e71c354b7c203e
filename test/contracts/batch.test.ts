import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/chain/client.js";
import { batchArgs, circuitArgs, with0x } from "../../src/chain/encode.js";
import { refused as refusedBy } from "../../src/chain/errors.js";
import { programRegistryAbi } from "../../src/chain/generated/program-registry.js";
import { receiptLedgerAbi } from "../../src/chain/generated/receipt-ledger.js";
import type { Submission } from "../../src/chain/ports.js";
import { openRelay } from "../../src/chain/relay.js";
import { coordinateToBytes, Q } from "../../src/proofs/codec.js";
import { findInvalid, MAX_BATCH, type ProofItem } from "../../src/proofs/verify-batch.js";
import { verificationKeyFromBytes } from "../../src/proofs/vk.js";
import { concat, fromHex, toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import type { VeriteeError } from "../../src/protocol/errors.js";
import { fieldToBytes, R, type Field } from "../../src/protocol/field.js";
import { sha256 } from "../../src/protocol/hash.js";
import { ledgerAddress, signalList } from "../../src/protocol/ledger-digest.js";
import type { ProofBytes } from "../../src/protocol/objects/proof-bytes.js";
import { proofFromBytes } from "../proofs/claims.js";
import { addG1, outsideSubgroup, timesG1 } from "../proofs/points.js";
import { malleate } from "./harness/groth16.js";
import { callsOf } from "./harness/trace.js";
import { keyFrom, PROGRAM, refusalOf, startWorld, type World } from "./harness/world.js";

const SEED = 20_260_301;
const RUNS = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 16);

let w: World;
beforeAll(async () => {
  w = await startWorld("batch");
  await w.insert(w.rng.field());
}, 120_000);
afterAll(() => w?.stop());

async function batch(k: number): Promise<Submission[]> {
  const submissions: Submission[] = [];
  for (let i = 0; i < k; i++) submissions.push(w.submission(await w.signals()));
  return submissions;
}
const entry = (submissions: readonly Submission[], i: number): Submission => submissions[i] as Submission;
const number = (b: Bytes | undefined): bigint => BigInt(`0x${toHex(b as Bytes)}`);
const withC = (s: Submission, shift: bigint): Submission => {
  const { x, y } = addG1({ x: number(s.proof.c[0]), y: number(s.proof.c[1]) }, timesG1(shift));
  return { ...s, proof: { ...s.proof, c: [x, y].map(coordinateToBytes) } };
};
const withWord = (s: Submission, part: "a" | "b" | "c", i: number, value: bigint): Submission =>
  ({ ...s, proof: { ...s.proof, [part]: s.proof[part].with(i, coordinateToBytes(value)) } });
const untrue = (s: Submission): Submission => ({ ...w.submission({ ...s, resultCommitment: w.rng.field() }), proof: s.proof });

/** The view and the transaction say the same, and no receipt of the batch is kept. */
async function refused(submissions: readonly Submission[]): Promise<{ reason: unknown; index: unknown }> {
  const seen = await w.reader.refusalOfBatch(submissions);
  const kept = await Promise.all(submissions.map((s) => w.reader.receipt(s.jobBinding % R as Field)));
  const error = await w.sender.submitReceipts(submissions).then(() => undefined, (e: VeriteeError) => e);
  const answer = { reason: error?.facts["reason"], index: error?.facts["index"] };
  expect(answer).toEqual({ reason: seen?.reason, index: seen?.index });
  expect(await Promise.all(submissions.map((s) => w.reader.receipt(s.jobBinding % R as Field)))).toEqual(kept);
  return answer;
}
const proofInvalid = { reason: "ProofInvalid", index: undefined };

/** Asks the contract directly, past the checks of our own encoder. */
async function rawRefusal(args: ReturnType<typeof batchArgs>): Promise<unknown> {
  const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
  const ledger = { address: with0x(w.deployment.receiptLedger), abi: receiptLedgerAbi } as const;
  return viem.simulateContract({ ...ledger, functionName: "submitBatch", args }).then(() => undefined, (e: unknown) => refusedBy("submitBatch", e).facts);
}

describe("submitBatch", () => {
  it.each([1, 2, 5])("keeps %i honest receipts, each with an event of its own", async (k) => {
    const submissions = await batch(k);
    expect(await w.reader.refusalOfBatch(submissions)).toBeUndefined();
    const mined = await w.sender.submitReceipts(submissions);
    for (const s of submissions) {
      expect(await w.reader.receipt(s.jobBinding)).toBe(s.resultCommitment);
      expect(await w.reader.receiptRecord(s.jobBinding)).toMatchObject({
        resultCommitment: s.resultCommitment, registryRoot: s.registryRoot, asOfDay: s.asOfDay, sourceClass: s.sourceClass,
        worker: ledgerAddress(w.workerKey), txHash: mined.txHash,
      });
    }
  });

  it("takes re-randomised proofs, several roots and several workers in one batch, from a relay too", async () => {
    const workerKey = keyFrom(w.rng);
    await w.sender.registerWorker(ledgerAddress(workerKey), w.rng.bytes(32), 4_102_444_800, "sim");
    const [first, second] = [entry(await batch(1), 0), w.submission(await w.signals(), { workerKey })];
    await w.insert(w.rng.field());
    const third = entry(await batch(1), 0);
    expect(third.registryRoot).not.toBe(first.registryRoot);
    const relay = await openRelay({ rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey: w.registrarKey });
    await relay.submitReceipts([{ ...first, proof: malleate(first.proof, 7n) }, second, third, w.submission(await w.signals({ registryRoot: first.registryRoot }))]);
    expect((await w.reader.receiptRecord(second.jobBinding))?.worker).toBe(ledgerAddress(workerKey));
  });

  it("refuses none and more than 64, and mixed programs before sending", async () => {
    const [program, [one]] = batchArgs(await batch(1));
    expect(await rawRefusal([program, []])).toMatchObject({ reason: "BatchSize" });
    expect(await rawRefusal([program, Array.from({ length: MAX_BATCH + 1 }, () => one as NonNullable<typeof one>)])).toMatchObject({ reason: "BatchSize" });
    const [p, q] = await batch(2) as [Submission, Submission];
    for (const wrong of [[], [p, { ...q, program: "other/1" }]]) {
      expect((await refusalOf(w.sender.submitReceipts(wrong))).code).toBe("input_invalid");
    }
  });
});

describe("a proof that does not hold", () => {
  it("sinks the batch from whatever position", async () => {
    const honest = await batch(4);
    for (const i of honest.keys()) expect(await refused(honest.with(i, untrue(entry(honest, i)))), `at ${i}`).toEqual(proofInvalid);
    expect(await w.reader.refusalOfBatch(honest)).toBeUndefined();
  });

  it("is refused where two are swapped, and where two cancel under equal challenges", async () => {
    const honest = await batch(3);
    const [p, q, s] = honest as [Submission, Submission, Submission];
    expect(await refused([{ ...p, proof: q.proof }, { ...q, proof: p.proof }, s])).toEqual(proofInvalid);
    // The sum of the Cs, all that the equation sees of them, stays what it was.
    expect(await refused([withC(p, 5n), withC(q, R - 5n), s])).toEqual(proofInvalid);
    expect(await refused([p, withC(q, 5n), withC(s, R - 5n)])).toEqual(proofInvalid);
  });

  it("is refused for points off the curve, outside the subgroup, not reduced or at infinity, first or not", async () => {
    const honest = await batch(2);
    const g2 = outsideSubgroup();
    for (const i of [0, 1]) {
      const s = entry(honest, i);
      const { a, c } = s.proof;
      const outside: ProofBytes = { ...s.proof, b: [g2.x.c0, g2.x.c1, g2.y.c0, g2.y.c1].map(coordinateToBytes) };
      const cases = [
        withWord(s, "a", 1, number(a[1]) + 1n), withWord(s, "a", 0, number(a[0]) + Q), withWord(s, "a", 1, number(a[1]) + Q),
        withWord(s, "c", 1, number(c[1]) + 1n), withWord(s, "c", 0, number(c[0]) + Q), withWord(s, "c", 1, Q - number(c[1])),
        withWord(s, "b", 2, number(s.proof.b[2]) + Q), { ...s, proof: outside },
        ...(["a", "b", "c"] as const).map((part) => ({ ...s, proof: w.key.proveAtInfinity(signalList(s), part) })),
      ];
      for (const [n, bad] of cases.entries()) {
        expect(await w.reader.refusalOfBatch(honest.with(i, bad)), `case ${n} at ${i}`).toEqual(proofInvalid);
      }
    }
  }, 60_000);
});

describe("the challenges", () => {
  it("are 128 bits of SHA-256 over domain, key, and every byte of proofs, signals and signatures", async () => {
    const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
    const submissions = await batch(3);
    const program = await viem.readContract({
      address: with0x(w.deployment.programRegistry), abi: programRegistryAbi, functionName: "circuit", args: circuitArgs("score", PROGRAM),
    });
    const { txHash } = await w.sender.submitReceipts(submissions);
    const calls = await callsOf(w.chain.rpcUrl, txHash);
    // Selector, program, offset and length of the array, then the entries.
    const entries = fromHex(calls[0]?.input.slice(2) ?? "").subarray(4 + 3 * 32);
    expect(entries.length).toBe(3 * 15 * 32);
    const seed = sha256(concat(sha256(utf8("veritee/ledger/batch/v1")), new Uint8Array(12), fromHex(program.key.slice(2).toLowerCase()), entries));
    const expected = [1, 2].map((i) => number(sha256(concat(seed, fieldToBytes(BigInt(i) as Field))).subarray(0, 16)));

    const scalars = calls.filter(({ to }) => BigInt(to ?? 0) === 7n).map(({ input }) => BigInt(`0x${input.slice(2 + 128)}`));
    // The second proof's A and C, the third's, then alpha and IC_0 by the sum.
    expect(scalars.slice(0, 6)).toEqual([...expected.flatMap((c) => [R - c, c]), ...Array<bigint>(2).fill(1n + (expected[0] as bigint) + (expected[1] as bigint))]);
  });
});

describe("one receipt that alone would be refused", () => {
  it("a job that comes twice in the batch, or that has a receipt", async () => {
    const [p, q] = await batch(2) as [Submission, Submission];
    const twice = w.submission({ ...p, resultCommitment: w.rng.field() });
    expect(await refused([p, q, twice])).toEqual({ reason: "JobHasReceipt", index: 2 });
    await w.sender.submitReceipt(q);
    expect(await refused([p, q])).toEqual({ reason: "JobHasReceipt", index: 1 });
  });

  it("any signal + r, though the equation holds", async () => {
    const [program, entries] = batchArgs(await batch(2));
    for (const i of [0, 1]) {
      for (const j of [0, 1, 2, 3, 4]) {
        const shifted = entries.map((e, n) => (n !== i ? e : { ...e, claim: { ...e.claim, signals: e.claim.signals.map((v, m) => (m === j ? v + R : v)) } }));
        expect(await rawRefusal([program, shifted as unknown as typeof entries])).toMatchObject({ reason: "SignalOutOfRange", index: i });
      }
    }
  });

  it("a result of zero, an unknown root, a root of zero behind a known one", async () => {
    const [p, q] = await batch(2) as [Submission, Submission];
    expect(await refused([p, w.submission({ ...q, resultCommitment: 0n as Field })])).toEqual({ reason: "ResultIsZero", index: 1 });
    for (const i of [0, 1]) {
      for (const registryRoot of [w.rng.field(), 0n as Field]) {
        expect(await refused([p, q].with(i, w.submission({ ...q, jobBinding: w.rng.field(), registryRoot })))).toEqual({ reason: "RootUnknown", index: i });
      }
    }
    expect((await refusalOf(w.sender.submitReceipts([w.submission({ ...p, registryRoot: w.rng.field() })]))).code).toBe("root_unknown");
  });

  it("a worker that is not registered, or was revoked, among good ones", async () => {
    const workerKey = keyFrom(w.rng);
    const [p, q] = await batch(2) as [Submission, Submission];
    const stranger = w.submission(await w.signals(), { workerKey });
    expect(await refused([p, stranger, q])).toEqual({ reason: "WorkerNotActive", index: 1 });
    await w.sender.registerWorker(ledgerAddress(workerKey), w.rng.bytes(32), 4_102_444_800, "sim");
    expect(await w.reader.refusalOfBatch([p, stranger, q])).toBeUndefined();
    await w.sender.revokeWorker(ledgerAddress(workerKey));
    expect(await refused([p, stranger, q])).toEqual({ reason: "WorkerNotActive", index: 1 });
  });

  it("a signature that is malformed, high, or of another receipt", async () => {
    const [p, q] = await batch(2) as [Submission, Submission];
    const high = q.ledgerSignature.with(32, 0xff);
    for (const bad of [high, new Uint8Array(65), q.ledgerSignature.subarray(0, 64), q.ledgerSignature.with(64, 29)]) {
      expect(await refused([p, { ...q, ledgerSignature: bad }])).toEqual({ reason: "SignatureInvalid", index: 1 });
    }
    expect(await refused([p, { ...q, ledgerSignature: p.ledgerSignature }])).toEqual({ reason: "WorkerNotActive", index: 1 });
    const [program, [first, second]] = batchArgs([p, q]);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const justHigh = with0x(((order >> 1n) + 1n).toString(16).padStart(64, "0"));
    expect(await rawRefusal([program, [first, { ...second, vs: justHigh }] as never])).toMatchObject({ reason: "SignatureInvalid", index: 1 });
  });

  it("and any receipt of a program that is unknown or retired", async () => {
    const program = "to-retire/1";
    const [p, q] = [w.submission(await w.signals(), { program }), w.submission(await w.signals(), { program })];
    expect(await refused([p, q])).toEqual({ reason: "ProgramUnknown", index: undefined });
    await w.sender.registerProgram({ program, key: w.key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });
    expect(await w.reader.refusalOfBatch([p, q])).toBeUndefined();
    await w.sender.retireProgram(program);
    expect(await refused([p, q])).toEqual({ reason: "ProgramRetired", index: undefined });
  });
});

const spoiling = fc.constantFrom("honest", "honest", "malleated", "untrue", "shifted", "negated", "infinity", "off curve");
type Spoiling = typeof spoiling extends fc.Arbitrary<infer T> ? T : never;
const SPOIL: Readonly<Record<Spoiling, (s: Submission) => Submission>> = {
  "honest": (s) => s,
  "malleated": (s) => ({ ...s, proof: malleate(s.proof, 11n) }),
  "untrue": untrue,
  "shifted": (s) => withC(s, 3n),
  "negated": (s) => withWord(s, "a", 1, Q - number(s.proof.a[1])),
  "infinity": (s) => ({ ...s, proof: w.key.proveAtInfinity(signalList(s), "c") }),
  "off curve": (s) => withWord(s, "b", 0, (number(s.proof.b[0]) + 1n) % Q),
};

it("the ledger and the twin give one verdict over random batches, and the twin names the bad ones", async () => {
  const key = verificationKeyFromBytes(w.key.bytes);
  const verdicts = { accepted: 0, refused: 0 };
  await fc.assert(fc.asyncProperty(fc.oneof(fc.array(spoiling, { minLength: 1, maxLength: 4 }), fc.array(fc.constantFrom("honest", "malleated"), { minLength: 1, maxLength: 4 })), async (kinds) => {
    const honest = await batch(kinds.length);
    const submissions = honest.map((s, i) => SPOIL[kinds[i] as Spoiling](s));
    const items: ProofItem[] = submissions.map((s) => ({ signals: signalList(s), proof: proofFromBytes(s.proof) }));
    const bad = kinds.flatMap((kind, i) => (kind === "honest" || kind === "malleated" ? [] : [i]));
    expect(findInvalid(key, items)).toEqual(bad);
    expect(await w.reader.refusalOfBatch(submissions)).toEqual(bad.length === 0 ? undefined : proofInvalid);
    expect(await w.reader.refusalOfBatch(submissions.filter((_, i) => !bad.includes(i)).concat(await batch(1)))).toBeUndefined();
    verdicts[bad.length === 0 ? "accepted" : "refused"] += 1;
  }), { seed: SEED, numRuns: RUNS });
  expect(verdicts.accepted).toBeGreaterThan(RUNS / 8);
  expect(verdicts.refused).toBeGreaterThan(RUNS / 8);
}, 240_000);
