import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toFunctionSelector } from "viem";
import { connect } from "../../src/chain/client.js";
import { submitArgs, with0x } from "../../src/chain/encode.js";
import { receiptLedgerAbi } from "../../src/chain/generated/receipt-ledger.js";
import { rpc } from "../../src/chain/rpc.js";
import type { Submission } from "../../src/chain/ports.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import { R, type Field } from "../../src/protocol/field.js";
import { ledgerAddress, signalList } from "../../src/protocol/ledger-digest.js";
import { malleate, simulatedKey } from "./harness/groth16.js";
import { FAR, keyFrom, refusalOf, startWorld, type World } from "./harness/world.js";

let w: World;
beforeAll(async () => {
  w = await startWorld("receipt-ledger");
  await w.insert(w.rng.field());
}, 60_000);
afterAll(() => w?.stop());

/** The view and the transaction must say the same. */
async function refused(submission: Submission): Promise<{ code: string; reason: unknown }> {
  const seen = await w.reader.refusal(submission);
  const answer = await refusalOf(w.sender.submitReceipt(submission));
  expect(answer.reason).toBe(seen);
  return answer;
}
const refusedFor = (reason: string) => ({ code: reason === "RootUnknown" ? "root_unknown" : "chain_refused", reason });

const P = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const number = (b: Bytes): bigint => BigInt(`0x${Buffer.from(b).toString("hex")}`);
const bytes = (v: bigint): Bytes => Uint8Array.from(Buffer.from(v.toString(16).padStart(64, "0"), "hex"));

describe("submit", () => {
  it("keeps an honest receipt and nothing but commitments", async () => {
    const signals = await w.signals();
    const submission = w.submission(signals);
    expect(await w.reader.refusal(submission)).toBeUndefined();
    const mined = await w.sender.submitReceipt(submission);
    expect(await w.reader.receipt(signals.jobBinding)).toBe(signals.resultCommitment);
    const record = await w.reader.receiptRecord(signals.jobBinding);
    expect(record).toMatchObject({
      resultCommitment: signals.resultCommitment, registryRoot: signals.registryRoot, asOfDay: 19_000, sourceClass: 0,
      worker: ledgerAddress(w.workerKey), txHash: mined.txHash, blockNumber: mined.blockNumber,
    });
    expect(await w.reader.transaction(mined.txHash)).toMatchObject({ ...mined, succeeded: true, to: w.deployment.receiptLedger });
  });

  it("takes one receipt a job, whatever the proof's bytes or the result", async () => {
    const signals = await w.signals();
    const first = w.submission(signals);
    await w.sender.submitReceipt(first);
    expect(await refused(first)).toEqual(refusedFor("JobHasReceipt"));
    expect(await refused({ ...first, proof: malleate(first.proof, 7n) })).toEqual(refusedFor("JobHasReceipt"));
    expect(await refused(w.submission({ ...signals, resultCommitment: w.rng.field() }))).toEqual(refusedFor("JobHasReceipt"));
    expect(await w.reader.receipt(signals.jobBinding)).toBe(signals.resultCommitment);
  });

  it("knows that a malleated proof is a proof, so that identity must rest on J", async () => {
    const submission = w.submission(await w.signals());
    expect(await w.reader.refusal({ ...submission, proof: malleate(submission.proof, 7n) })).toBeUndefined();
  });

  it("refuses each of the five signals + r, though the equation holds", async () => {
    const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
    const ledger = { address: with0x(w.deployment.receiptLedger), abi: receiptLedgerAbi } as const;
    const submission = w.submission(await w.signals());
    const [program, signals, proof, signature] = submitArgs(submission);
    for (const i of signals.keys()) {
      const shifted = signals.map((v, j) => (j === i ? v + R : v)) as unknown as typeof signals;
      const args = [program, shifted, proof, signature] as const;
      expect(await viem.readContract({ ...ledger, functionName: "check", args }), `signal ${i}`)
        .toEqual([toFunctionSelector("SignalOutOfRange()"), false]);
      await expect(viem.simulateContract({ ...ledger, functionName: "submit", args })).rejects.toThrow("SignalOutOfRange");
    }
    expect(await refused({ ...submission, jobBinding: (submission.jobBinding + R) as Field })).toEqual(refusedFor("SignalOutOfRange"));
  });

  it("refuses a result of zero, which would leave the job open", async () => {
    expect(await refused(w.submission(await w.signals({ resultCommitment: 0n as Field })))).toEqual(refusedFor("ResultIsZero"));
  });

  it("refuses every changed signal of an honest proof", async () => {
    const signals = await w.signals();
    const honest = w.submission(signals);
    for (const name of ["resultCommitment", "jobBinding", "asOfDay", "sourceClass"] as const) {
      const changed = typeof signals[name] === "number" ? signals[name] + 1 : signals[name] + 1n;
      const lie = w.submission({ ...signals, [name]: changed });
      const reason = name === "sourceClass" ? "SourceUnproved" : "ProofInvalid";
      expect(await refused({ ...lie, proof: honest.proof }), name).toEqual(refusedFor(reason));
    }
  });

  it("refuses an unknown program, and a proof made for another key", async () => {
    const signals = await w.signals();
    expect(await refused(w.submission(signals, { program: "retail-account/1" }))).toEqual(refusedFor("ProgramUnknown"));
    const key = simulatedKey(w.rng, 5);
    await w.sender.registerProgram({ program: "other/1", key: key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });
    expect(await refused(w.submission(signals, { program: "other/1" }))).toEqual(refusedFor("ProofInvalid"));
    await w.sender.retireProgram("other/1");
    expect(await refused(w.submission(signals, { program: "other/1" }))).toEqual(refusedFor("ProgramRetired"));
  });

  it("refuses a key for fewer or more signals, which would leave a signal unbound", async () => {
    for (const count of [4, 6]) {
      const program = `signals-${count}/1`;
      const key = simulatedKey(w.rng, count);
      await w.sender.registerProgram({ program, key: key.bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });
      const signals = await w.signals();
      const proof = key.prove([...signalList(signals), 0n].slice(0, count));
      expect(await refused({ ...w.submission(signals, { program }), proof })).toEqual(refusedFor("ProofInvalid"));
    }
  });

  it("refuses a key with a point off the curve, whose signal, and all after it, would not count", async () => {
    const key = simulatedKey(w.rng, 5);
    const program = "off-curve/1";
    const spoiled = key.bytes.with(448 + 64 + 63, (key.bytes[448 + 64 + 63] as number) ^ 1); // ordinate of R's point
    await w.sender.registerProgram({ program, key: spoiled, artefactHash: w.rng.bytes(32), developmentParameters: true });
    const signals = await w.signals();
    for (const counted of [[0n, ...signalList(signals).slice(1)], [0n, 0n, 0n, 0n, 0n]]) {
      const proof = key.prove(counted);
      expect(await refused({ ...w.submission(signals, { program }), proof })).toEqual(refusedFor("ProofInvalid"));
    }
  });
});

describe("proof tampering", () => {
  it("refuses every coordinate off by one, not canonical, zero or all ones, without reverting in the verifier", async () => {
    const submission = w.submission(await w.signals());
    for (const part of ["a", "b", "c"] as const) {
      for (const i of submission.proof[part].keys()) {
        const honest = number(submission.proof[part][i] as Bytes);
        for (const value of [honest + 1n, honest + P, 0n, 2n ** 256n - 1n]) {
          const coordinates = submission.proof[part].with(i, bytes(value));
          const reason = await w.reader.refusal({ ...submission, proof: { ...submission.proof, [part]: coordinates } });
          expect(reason, `${part}[${i}] = ${value}`).toBe("ProofInvalid");
        }
      }
    }
  });

  it("refuses points at infinity even where the equation holds, and the negated A", async () => {
    const signals = await w.signals();
    const submission = w.submission(signals);
    for (const part of ["a", "b", "c"] as const) {
      const proof = w.key.proveAtInfinity(signalList(signals), part);
      expect(await refused({ ...submission, proof }), part).toEqual(refusedFor("ProofInvalid"));
    }
    const { a, b, c } = submission.proof;
    const negated = [a[0] as Bytes, bytes(P - number(a[1] as Bytes))];
    expect(await refused({ ...submission, proof: { a: negated, b, c } })).toEqual(refusedFor("ProofInvalid"));
  });
});

describe("the worker's signature", () => {
  it("refuses an unregistered worker", async () => {
    expect(await refused(w.submission(await w.signals(), { workerKey: keyFrom(w.rng) }))).toEqual(refusedFor("WorkerNotActive"));
  });

  it("refuses a revoked worker, which never returns", async () => {
    const workerKey = keyFrom(w.rng);
    const account = ledgerAddress(workerKey);
    await w.sender.registerWorker(account, w.rng.bytes(32), FAR, "sim");
    expect(await w.reader.refusal(w.submission(await w.signals(), { workerKey }))).toBeUndefined();
    await w.sender.revokeWorker(account);
    expect(await refused(w.submission(await w.signals(), { workerKey }))).toEqual(refusedFor("WorkerNotActive"));
    expect(await refusalOf(w.sender.registerWorker(account, w.rng.bytes(32), FAR, "sim"))).toEqual(refusedFor("WorkerRevoked"));
    expect(await w.reader.worker(account)).toMatchObject({ revoked: true, active: false });
  });

  it("refuses an expired worker by the block's clock", async () => {
    const workerKey = keyFrom(w.rng);
    const { time } = await w.reader.head();
    await w.sender.registerWorker(ledgerAddress(workerKey), w.rng.bytes(32), time + 1_000, "sim");
    const submission = w.submission(await w.signals(), { workerKey });
    await rpc(w.chain.rpcUrl, "evm_setNextBlockTimestamp", [time + 1_000]);
    await w.chain.mine(1);
    expect(await w.reader.worker(ledgerAddress(workerKey))).toMatchObject({ active: true });
    await rpc(w.chain.rpcUrl, "evm_setNextBlockTimestamp", [time + 1_001]);
    await w.chain.mine(1);
    expect(await refused(submission)).toEqual(refusedFor("WorkerNotActive"));
    expect(await refusalOf(w.sender.registerWorker(ledgerAddress(workerKey), w.rng.bytes(32), time, "sim"))).toEqual(refusedFor("AlreadyExpired"));
  });

  it("refuses a signature for another chain or ledger, and malformed or high-s ones", async () => {
    const signals = await w.signals();
    expect(await refused(w.submission(signals, { chainId: 1 }))).toEqual(refusedFor("WorkerNotActive"));
    const submission = w.submission(signals);
    const signature = submission.ledgerSignature;
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const highS = new Uint8Array(signature);
    highS.set(bytes(order - number(signature.subarray(32, 64))), 32);
    highS[64] = signature[64] === 27 ? 28 : 27;
    const parity = signature.with(64, (signature[64] as number) - 27);
    const zeroR = new Uint8Array(signature).fill(0, 0, 32);
    for (const bad of [highS, parity, zeroR, signature.subarray(0, 64), new Uint8Array(0)]) {
      expect(await refused({ ...submission, ledgerSignature: bad })).toEqual(refusedFor("SignatureInvalid"));
    }
  });
});

describe("whether the dataset was proved", () => {
  it("decides whether a source counts: without a proof it is what the owner wrote, alone and in a batch", async () => {
    await w.insertProved(w.provedLeaf(9));
    const [claimed, proved] = [await w.reader.root(), await w.reader.provedRoot()];
    const from = async (registryRoot: typeof claimed, sourceClass: number) => w.submission(await w.signals({ registryRoot, sourceClass }));
    expect(await refused(await from(claimed, 2))).toEqual(refusedFor("SourceUnproved"));
    expect((await w.reader.refusalOfBatch([await from(proved, 2), await from(claimed, 0), await from(claimed, 2)]))).toMatchObject({ index: 2, reason: "SourceUnproved" });
    expect(await w.reader.refusalOfBatch([await from(proved, 2), await from(claimed, 0), await from(proved, 5)])).toBeUndefined();
  });

  const record = async (registryRoot: Field) => {
    const submission = w.submission(await w.signals({ registryRoot }));
    await w.sender.submitReceipt(submission);
    return w.reader.receiptRecord(submission.jobBinding);
  };
  const checked = async (registryRoot: Field): Promise<boolean> => {
    const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
    const args = submitArgs(w.submission(await w.signals({ registryRoot })));
    return (await viem.readContract({ address: with0x(w.deployment.receiptLedger), abi: receiptLedgerAbi, functionName: "check", args }))[1];
  };

  it("is told by the event and by the view: by which tree the root is of", async () => {
    await w.insertProved(w.provedLeaf(1));
    const [claimed, proved] = [await w.reader.root(), await w.reader.provedRoot()];
    expect(await Promise.all([checked(claimed), checked(proved)])).toEqual([false, true]);
    expect(await record(claimed)).toMatchObject({ registryRoot: claimed, proved: false });
    expect(await record(proved)).toMatchObject({ registryRoot: proved, proved: true });
  });

  it("is told of each receipt of a batch under roots of both trees", async () => {
    const roots = [await w.reader.root(), await w.reader.provedRoot(), await w.reader.provedRoot(), await w.reader.root()];
    const submissions: Submission[] = [];
    for (const registryRoot of roots) submissions.push(w.submission(await w.signals({ registryRoot })));
    await w.sender.submitReceipts(submissions);
    const told = await Promise.all(submissions.map(async ({ jobBinding }) => (await w.reader.receiptRecord(jobBinding))?.proved));
    expect(told).toEqual([false, true, true, false]);
  });

  it("ends with a revocation in the tree that the root is of, and in no other", async () => {
    const leaf = w.provedLeaf(0);
    await w.insertProved(leaf);
    const [claimed, proved] = [await w.reader.root(), await w.reader.provedRoot()];
    await w.insertProved(w.provedLeaf(0));
    expect((await record(proved))?.proved).toBe(true);
    await w.revokeProved(leaf.proof.leaf);
    expect(await refused(w.submission(await w.signals({ registryRoot: proved })))).toEqual(refusedFor("RootUnknown"));
    expect((await record(claimed))?.proved).toBe(false);
  });

  it("is yes for a root that both trees have, as long as they have the same leaves", async () => {
    const fresh = await startWorld("equal trees");
    try {
      const proved = fresh.provedLeaf(0);
      await fresh.insert(proved.proof.leaf);
      const before = fresh.submission(await fresh.signals());
      await fresh.sender.submitReceipt(before);
      await fresh.insertProved(proved);
      const after = fresh.submission(await fresh.signals());
      expect(after.registryRoot).toBe(before.registryRoot);
      await fresh.sender.submitReceipt(after);
      const told = await Promise.all([before, after].map(async (s) => (await fresh.reader.receiptRecord(s.jobBinding))?.proved));
      expect(told).toEqual([false, true]);
    } finally {
      await fresh.stop();
    }
  }, 120_000);
});

describe("roots", () => {
  it("refuses an unknown root and zero", async () => {
    for (const registryRoot of [w.rng.field(), 0n as Field]) {
      expect(await refused(w.submission(await w.signals({ registryRoot })))).toEqual(refusedFor("RootUnknown"));
    }
  });

  it("takes a superseded root until a revocation", async () => {
    const leaf = w.rng.field();
    await w.insert(leaf);
    const signals = await w.signals();
    await w.insert(w.rng.field());
    expect(await w.reader.refusal(w.submission(signals))).toBeUndefined();
    await w.revoke(leaf);
    expect(await refused(w.submission(signals))).toEqual(refusedFor("RootUnknown"));
    await w.sender.submitReceipt(w.submission(await w.signals()));
  });
});
