import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCORE_CIRCUITS, verificationKeyOf } from "../../src/proofs/artefacts.js";
import type { CircuitInput, Prover } from "../../src/proofs/prover.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { terminate } from "../../src/prover/engine.js";
import { snarkjsProver } from "../../src/prover/groth16.js";
import { R } from "../../src/protocol/field.js";
import { circuit } from "../circuits/harness/circuits.js";
import { retailInput, retailSample } from "../circuits/harness/retail-account.js";
import { smeInput, smeSample } from "../circuits/harness/sme-invoice.js";
import { pinnedProver } from "../proofs/harness.js";

const inputs: Readonly<Record<"score-sme-invoice" | "score-retail-account", CircuitInput>> = {
  "score-sme-invoice": smeInput(smeSample),
  "score-retail-account": retailInput(retailSample),
};

let prover: Prover;
beforeAll(async () => {
  prover = await pinnedProver(SCORE_CIRCUITS);
});
afterAll(terminate);

describe.each(["score-sme-invoice", "score-retail-account"] as const)("proving %s", (name) => {
  test("gives a proof that verifies, with the statement's signals and its timings", async () => {
    const input = inputs[name];
    const { proof, signals, timings } = await prover.prove(name, input);
    expect(signals).toEqual(["R", "K", "J", "asOfDay", "sourceClass"].map((signal) => input[signal]));
    expect(() => verifyProof(verificationKeyOf(name), signals, proof)).not.toThrow();
    expect(timings.witnessMs).toBeGreaterThan(0);
    expect(timings.proveMs).toBeGreaterThan(0);
  });
});

describe("bad input is refused before proving", () => {
  const input = inputs["score-sme-invoice"];
  const refuses = (changed: CircuitInput, error: object) =>
    expect(prover.prove("score-sme-invoice", changed)).rejects.toMatchObject(error);

  test("a false statement", () => refuses({ ...input, K: 1n }, { code: "witness_invalid", message: "the input violates the statement" }));
  test("an unknown signal", () => refuses({ ...input, salary: 1n }, { code: "witness_invalid", facts: { input: "salary" } }));
  test("a missing signal", () => {
    const { maxMonth, ...rest } = input;
    expect(maxMonth).toBeDefined();
    return refuses(rest, { code: "witness_invalid", message: "inputs are missing" });
  });
  test("too few values", () => refuses({ ...input, bins: [1n] }, { code: "witness_invalid", facts: { input: "bins" } }));
  test("a value of r or more", () => refuses({ ...input, ownerId: R }, { code: "signal_out_of_range", facts: { input: "ownerId" } }));
  test("a negative value", () => refuses({ ...input, ownerId: -1n }, { code: "signal_out_of_range" }));
});

describe("the engine", () => {
  test("proves again after its threads were ended", async () => {
    await terminate();
    const { proof, signals } = await prover.prove("score-sme-invoice", inputs["score-sme-invoice"]);
    expect(() => verifyProof(verificationKeyOf("score-sme-invoice"), signals, proof)).not.toThrow();
  });

  test("serves proofs that overlap, each blinded anew: the same statement never gives the same proof", async () => {
    const name = "score-retail-account";
    const [one, two] = await Promise.all([prover.prove(name, inputs[name]), prover.prove(name, inputs[name])]);
    for (const { proof, signals } of [one, two]) expect(() => verifyProof(verificationKeyOf(name), signals, proof)).not.toThrow();
    expect(one.signals).toEqual(two.signals);
    expect(one.proof.a).not.toEqual(two.proof.a);
    expect(one.proof.b).not.toEqual(two.proof.b);
  });
});

describe("artefacts of the wrong kind", () => {
  test("another circuit's proving key is refused", async () => {
    const [sme, retail] = [await circuit("score-sme-invoice"), await circuit("score-retail-account")];
    const mixed = snarkjsProver(async () => ({ wasm: sme.wasm, zkey: retail.zkey }));
    await expect(mixed.prove("score-sme-invoice", inputs["score-sme-invoice"])).rejects.toMatchObject({ code: "artefact_mismatch" });
  });

  test("a proving key that lost its mark is refused, though proofs made with it would verify", async () => {
    const { wasm, zkey } = await circuit("score-sme-invoice");
    const unmarked = Uint8Array.from(zkey);
    unmarked.set([0x21], unmarked.length - 1); // the mark is the last thing in the file
    const relabelled = snarkjsProver(async () => ({ wasm, zkey: unmarked }));
    await expect(relabelled.prove("score-sme-invoice", inputs["score-sme-invoice"])).rejects.toMatchObject({ code: "parameters_insecure" });
  });

  test("a source that fails once is asked again", async () => {
    const sme = await circuit("score-sme-invoice");
    let calls = 0;
    const flaky = snarkjsProver(async () => {
      calls += 1;
      if (calls === 1) throw new Error("not there yet");
      return sme;
    });
    await expect(flaky.warm("score-sme-invoice")).rejects.toThrow("not there yet");
    await flaky.warm("score-sme-invoice");
    await expect(flaky.prove("score-sme-invoice", { ...inputs["score-sme-invoice"], K: 1n })).rejects.toMatchObject({ code: "witness_invalid" });
    expect(calls).toBe(2);
  });
});
