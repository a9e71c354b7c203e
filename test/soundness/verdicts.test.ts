import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Submission } from "../../src/chain/ports.js";
import { coordinateToBytes, proofFromWire, Q } from "../../src/proofs/codec.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { verificationKeyFromBytes } from "../../src/proofs/vk.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import { R, type Field } from "../../src/protocol/field.js";
import { signalList } from "../../src/protocol/ledger-digest.js";
import type { ProofBytes } from "../../src/protocol/objects/receipt.js";
import { Groth16ProofSchema } from "../../src/protocol/wire/veritee_pb.js";
import { malleate, simulatedKey } from "../contracts/harness/groth16.js";
import { PROGRAM, startWorld, type World } from "../contracts/harness/world.js";
import { outsideSubgroup, timesG1 } from "../proofs/points.js";
import { scaleG2 } from "../proofs/harness.js";

// Promise: the ledger and the offline verifier say the same of every proof, genuine, re-randomised, forged or malformed, and
// under every key. `npm run soundness` does 1,000 cases, `npm test` a tenth.

const SEED = 20_260_102;
const RUNS = Number(process.env["VERITEE_VERDICT_RUNS"] ?? 100);

let w: World;
const keys = new Map<string, Bytes>();
beforeAll(async () => {
  w = await startWorld("verdicts");
  await w.insert(w.rng.field());
  keys.set(PROGRAM, w.key.bytes);
  const own = w.key.bytes;
  const g2 = outsideSubgroup();
  const outside = [g2.x.c1, g2.x.c0, g2.y.c1, g2.y.c0].map(coordinateToBytes);
  const spoiled: Readonly<Record<string, Bytes>> = {
    "other/1": simulatedKey(w.rng, 5).bytes,
    "four-signals/1": simulatedKey(w.rng, 4).bytes,
    "alpha-off-curve/1": own.with(63, (own[63] as number) ^ 1),
    "input-off-curve/1": own.with(448 + 64 + 63, (own[448 + 64 + 63] as number) ^ 1),
    "beta-outside/1": Uint8Array.from([...own.subarray(0, 64), ...outside.flatMap((b) => [...b]), ...own.subarray(192)]),
    "beta-for-gamma/1": Uint8Array.from([...own.subarray(0, 192), ...own.subarray(64, 192), ...own.subarray(320)]),
  };
  for (const [program, key] of Object.entries(spoiled)) {
    keys.set(program, key);
    await w.sender.registerProgram({ program, key, artefactHash: w.rng.bytes(32), developmentParameters: true });
  }
}, 120_000);
afterAll(() => w?.stop());

const toNumber = (b: Bytes): bigint => BigInt(`0x${Buffer.from(b).toString("hex")}`);
const toBytes = (v: bigint): Bytes => Uint8Array.from(Buffer.from(((v + 2n ** 256n) % 2n ** 256n).toString(16).padStart(64, "0"), "hex"));

function acceptedOffChain(s: Submission): boolean {
  try {
    const proof = create(Groth16ProofSchema, { a: [...s.proof.a], b: [...s.proof.b], c: [...s.proof.c] });
    verifyProof(verificationKeyFromBytes(keys.get(s.program) as Bytes), signalList(s), proofFromWire(proof));
    return true;
  } catch {
    return false;
  }
}

const part = fc.constantFrom("a", "b", "c");
/** How to spoil, or not to spoil, an honest submission. */
const change = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: "honest" } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("malleated" as const), by: fc.bigInt(2n, R - 1n) }) },
  { weight: 3, arbitrary: fc.record({
    kind: fc.constant("coordinate" as const), part, index: fc.nat(3),
    by: fc.oneof(fc.constantFrom(1n, Q, -1n, -Q), fc.bigInt(1n, Q)),
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("infinity" as const), part }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("zeros" as const), part }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("negated" as const), part }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("random points" as const), by: fc.bigInt(1n, R - 1n), part }) },
  { weight: 1, arbitrary: fc.constant({ kind: "outside the subgroup" } as const) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "swapped" } as const, { kind: "halves of B swapped" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "of other signals" } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("signal" as const), name: fc.constantFrom("registryRoot", "resultCommitment", "jobBinding"), by: fc.constantFrom(1n, R, -R) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("number" as const), name: fc.constantFrom("asOfDay", "sourceClass"), by: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("key" as const), program: fc.constantFrom("other/1", "four-signals/1", "alpha-off-curve/1", "input-off-curve/1", "beta-outside/1", "beta-for-gamma/1") }) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const withPart = (s: Submission, name: keyof ProofBytes, words: readonly Bytes[]): Submission => ({ ...s, proof: { ...s.proof, [name]: words } });

async function changed(s: Submission, c: Change): Promise<Submission> {
  const { proof } = s;
  switch (c.kind) {
    case "honest": return s;
    case "malleated": return { ...s, proof: malleate(proof, c.by) };
    case "coordinate": {
      const index = c.index % proof[c.part].length;
      return withPart(s, c.part, proof[c.part].with(index, toBytes(toNumber(proof[c.part][index] as Bytes) + c.by)));
    }
    case "infinity": return { ...s, proof: w.key.proveAtInfinity(signalList(s), c.part) };
    case "zeros": return withPart(s, c.part, proof[c.part].map(() => toBytes(0n)));
    case "negated": return withPart(s, c.part, proof[c.part].map((word, i) => (i < proof[c.part].length / 2 ? word : toBytes(Q - toNumber(word)))));
    case "random points": {
      if (c.part === "b") {
        const { x, y } = scaleG2(verificationKeyFromBytes(w.key.bytes).gamma, c.by);
        return withPart(s, "b", [x.c0, x.c1, y.c0, y.c1].map(coordinateToBytes));
      }
      const { x, y } = timesG1(c.by);
      return withPart(s, c.part, [x, y].map(coordinateToBytes));
    }
    case "outside the subgroup": {
      const { x, y } = outsideSubgroup();
      return withPart(s, "b", [x.c0, x.c1, y.c0, y.c1].map(coordinateToBytes));
    }
    case "swapped": return { ...s, proof: { ...proof, a: proof.c, c: proof.a } };
    case "halves of B swapped": return withPart(s, "b", [1, 0, 3, 2].map((i) => proof.b[i] as Bytes));
    case "of other signals": return { ...s, proof: w.submission(await w.signals()).proof };
    // Signed for what it says: the ledger must refuse it for its proof or its range, not for its signature.
    case "signal": {
      const value = s[c.name] + c.by;
      return value < 0n ? s : { ...(value < R ? w.submission({ ...s, [c.name]: value as Field }) : { ...s, [c.name]: value as Field }), proof };
    }
    case "number": return { ...w.submission({ ...s, [c.name]: s[c.name] + c.by }), proof };
    case "key": return { ...w.submission(s, { program: c.program }), proof };
  }
}

it(`the ledger and the offline verifier give the same verdict over ${RUNS} cases`, async () => {
  const verdicts = { accepted: 0, refused: 0 };
  const reasons = new Map<unknown, number>();
  await fc.assert(fc.asyncProperty(change, async (c) => {
    const submission = await changed(w.submission(await w.signals()), c);
    const refusal = await w.reader.refusal(submission);
    // An unknown root is refused before its proof is looked at; the offline verifier asks the ledger for roots elsewhere.
    const unlike = refusal === "RootUnknown";
    if (!unlike) expect(acceptedOffChain(submission), `${c.kind}: ${String(refusal)}`).toBe(refusal === undefined);
    reasons.set(refusal, (reasons.get(refusal) ?? 0) + 1);
    verdicts[refusal === undefined ? "accepted" : "refused"] += 1;
  }), { seed: SEED, numRuns: RUNS });
  // Both kinds were met: a verifier that always says no would agree with another such.
  expect(verdicts.accepted).toBeGreaterThan(RUNS / 10);
  expect(verdicts.refused).toBeGreaterThan(RUNS / 3);
  expect([...reasons.keys()]).toEqual(expect.arrayContaining([undefined, "ProofInvalid", "SignalOutOfRange"]));
}, 600_000);

it("a re-randomised proof is the same receipt: it verifies on both sides, and its job takes no second one", async () => {
  const submission = w.submission(await w.signals());
  const again = { ...submission, proof: malleate(submission.proof, 7n) };
  expect(again.proof).not.toEqual(submission.proof);
  expect(acceptedOffChain(again)).toBe(true);
  expect(await w.reader.refusal(again)).toBeUndefined();
  await w.sender.submitReceipt(again);
  const kept = await w.reader.receiptRecord(submission.jobBinding);
  expect(kept?.resultCommitment).toBe(submission.resultCommitment);
  for (const other of [submission, again, { ...submission, proof: malleate(submission.proof, R - 1n) }]) {
    expect(acceptedOffChain(other)).toBe(true);
    expect(await w.reader.refusal(other)).toBe("JobHasReceipt");
  }
  expect(await w.reader.receiptRecord(submission.jobBinding)).toEqual(kept);
});
