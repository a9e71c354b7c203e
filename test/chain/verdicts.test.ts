import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Submission } from "../../src/chain/ports.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import { R, type Field } from "../../src/protocol/field.js";
import { proofFromWire, Q } from "../../src/proofs/codec.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { verificationKeyFromBytes } from "../../src/proofs/vk.js";
import { create } from "@bufbuild/protobuf";
import { Groth16ProofSchema } from "../../src/protocol/wire/veritee_pb.js";
import { signalList } from "../../src/protocol/ledger-digest.js";
import { malleate } from "../contracts/harness/groth16.js";
import { startWorld, type World } from "../contracts/harness/world.js";

const SEED = 20_260_102;
const RUNS = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 60);

let w: World;
beforeAll(async () => {
  w = await startWorld("verdicts");
  await w.insert(w.rng.field());
}, 60_000);
afterAll(() => w?.stop());

const toNumber = (b: Bytes): bigint => BigInt(`0x${Buffer.from(b).toString("hex")}`);
const toBytes = (v: bigint): Bytes => Uint8Array.from(Buffer.from((v % 2n ** 256n).toString(16).padStart(64, "0"), "hex"));

function acceptedOffChain(s: Submission): boolean {
  try {
    const signals = [s.registryRoot, s.resultCommitment, s.jobBinding, BigInt(s.asOfDay), BigInt(s.sourceClass)];
    const proof = create(Groth16ProofSchema, { a: [...s.proof.a], b: [...s.proof.b], c: [...s.proof.c] });
    verifyProof(verificationKeyFromBytes(w.key.bytes), signals, proofFromWire(proof));
    return true;
  } catch {
    return false;
  }
}

/** How to spoil, or not to spoil, an honest submission. */
const change = fc.oneof(
  fc.constant({ kind: "honest" } as const),
  fc.record({ kind: fc.constant("malleated" as const), by: fc.bigInt(2n, R - 1n) }),
  fc.record({
    kind: fc.constant("coordinate" as const), part: fc.constantFrom("a", "b", "c"), index: fc.nat(3),
    by: fc.oneof(fc.constantFrom(1n, Q, -1n), fc.bigInt(1n, Q)),
  }),
  fc.record({ kind: fc.constant("infinity" as const), part: fc.constantFrom("a", "b", "c") }),
  fc.record({ kind: fc.constant("negated" as const), part: fc.constantFrom("a", "c") }),
  fc.record({ kind: fc.constant("swapped" as const) }),
  fc.record({ kind: fc.constant("signal" as const), name: fc.constantFrom("resultCommitment", "jobBinding"), by: fc.constantFrom(1n, R) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(s: Submission, c: Change): Submission {
  const { proof } = s;
  switch (c.kind) {
    case "honest": return s;
    case "malleated": return { ...s, proof: malleate(proof, c.by) };
    case "coordinate": {
      const words = [...proof[c.part]];
      const index = c.index % words.length;
      words[index] = toBytes(toNumber(words[index] as Bytes) + c.by);
      return { ...s, proof: { ...proof, [c.part]: words } };
    }
    case "infinity": return { ...s, proof: w.key.proveAtInfinity(signalList(s), c.part) };
    case "negated": {
      const [x, y] = proof[c.part] as [Bytes, Bytes];
      return { ...s, proof: { ...proof, [c.part]: [x, toBytes(Q - toNumber(y))] } };
    }
    case "swapped": return { ...s, proof: { ...proof, a: proof.c, c: proof.a } };
    case "signal": return { ...s, [c.name]: (s[c.name] + c.by) as Field };
  }
}

it("the ledger and the offline verifier give the same verdict on honest, malleated and spoiled proofs alike", async () => {
  const verdicts = { accepted: 0, refused: 0 };
  await fc.assert(fc.asyncProperty(change, async (c) => {
    const submission = changed(w.submission(await w.signals()), c);
    const onChain = (await w.reader.refusal(submission)) === undefined;
    expect(acceptedOffChain(submission)).toBe(onChain);
    verdicts[onChain ? "accepted" : "refused"] += 1;
  }), { seed: SEED, numRuns: RUNS });
  // Both kinds were met: a verifier that always says no would agree with another such.
  expect(verdicts.accepted).toBeGreaterThan(RUNS / 10);
  expect(verdicts.refused).toBeGreaterThan(RUNS / 3);
}, 120_000);
