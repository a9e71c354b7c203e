// Promise: a receipt that verifies was computed as it says; whoever changes or forges one is found, by the right check.
import { beforeAll, describe, expect, it } from "vitest";
import { createWorkerKeys } from "../../enclave/runtime/identity.js";
import { toBase64 } from "../../src/protocol/bytes.js";
import { envelopeToBytes, signEnvelope } from "../../src/protocol/dsse.js";
import { R, fieldToBytes, type Field } from "../../src/protocol/field.js";
import { signalList } from "../../src/protocol/ledger-digest.js";
import { receiptStatement } from "../../src/protocol/objects/index.js";
import { FOREIGN_SIM_SEED } from "../../src/simulator/seed.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";
import { explain } from "../../src/verifier/explain.js";
import { OFFLINE_CHECKS } from "../../src/verifier/types.js";
import { verifyReceipt } from "../../src/verifier/verify-receipt.js";
import { malleate } from "../contracts/harness/groth16.js";
import { seeded } from "../contracts/harness/rng.js";
import { NOW } from "../enclave/harness/world.js";
import { certify, encodeRaw, failing, keys, makeFixture, OPTIONS, otherKeySha256, otherProving, receiptWith, verify, type Fixture, type Lie } from "./fixture.js";

let good: Fixture;
let second: Fixture;
beforeAll(async () => {
  good = await makeFixture();
  second = await makeFixture("second");
});

const next = (value: Field): Field => ((value + 1n) % R) as Field;
const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 1 : b));
const zero = (n: number): Uint8Array[] => Array.from({ length: n }, () => new Uint8Array(32));
const zeros = { a: zero(2), b: zero(4), c: zero(2) };
const rogue = () => createWorkerKeys((n) => seeded("rogue").bytes(n));

describe("a good receipt", () => {
  it("passes every check and says what it is", async () => {
    const report = await verify(receiptWith(good), { now: NOW + 60 });
    expect(failing(report)).toEqual([]);
    expect(report.checks.map((c) => c.name)).toEqual([...OFFLINE_CHECKS]);
    expect(report).toMatchObject({ ok: true, simulated: true, developmentParameters: true, chainChecked: false });
    expect(report.facts).toMatchObject({ program: "sme-invoice/1", asOfDate: "2024-10-04", source: "unendorsed", trustAnchor: "sim" });
  });

  it("is explained with its limits first", async () => {
    const lines = explain(await verify(receiptWith(good)));
    expect(lines[0]).toBe("VERIFIED: all 12 checks passed");
    expect(lines.slice(1, 5).join()).toMatch(/SIMULATED.*DEVELOPMENT.*ledger was not asked.*no ledger was named/);
  });

  it("still verifies with its proof re-randomised: a proof is no identity, J is", async () => {
    const proof = malleate(good.statement.proof, 7n);
    expect(proof.a).not.toEqual(good.statement.proof.a);
    expect(failing(await verify(receiptWith(good, { statement: { proof } })))).toEqual([]);
  });

  it("is refused by a production verifier, for each reason by name", async () => {
    const report = await verify(receiptWith(good), { requireHardware: true, allowDevelopmentParameters: false });
    expect(failing(report)).toEqual(["hardware", "production-parameters"]);
    expect(failing(await verify(receiptWith(good), { requireHardware: true, allowDevelopmentParameters: true }))).toEqual(["hardware"]);
  });

  it("is refused by a verifier that does not allow development parameters, which is every one that does not say so", async () => {
    const { allowDevelopmentParameters: _, ...unsaid } = OPTIONS;
    for (const options of [unsaid, { ...OPTIONS, allowDevelopmentParameters: false }]) {
      const report = await verifyReceipt(receiptWith(good), options);
      expect(failing(report)).toEqual(["production-parameters"]);
      expect(report).toMatchObject({ ok: false, developmentParameters: true });
      expect(explain(report).join("\n")).toMatch(/REFUSED.*FAIL {2}production-parameters: DEVELOPMENT parameters.*--allow-development.*verificationKey [0-9a-f]{64}/s);
    }
  });

  it("under a ceremony's parameters passes without being allowed anything, and its label must be theirs", async () => {
    const ceremony = { ...keys("sme-invoice/1"), development: false };
    const options = { ...OPTIONS, keys: () => ceremony, allowDevelopmentParameters: false };
    const made = receiptWith(good, { statement: { developmentParameters: false }, labels: { developmentParameters: false } });
    expect(await verifyReceipt(made, options)).toMatchObject({ ok: true, developmentParameters: false });
    expect(failing(await verifyReceipt(receiptWith(good), options))).toEqual(["labels"]);
  });

  it("is refused where the simulator's root is not pinned", async () => {
    const report = await verify(receiptWith(good), { anchors: {} });
    expect(failing(report)).toEqual(["worker-evidence", "labels"]);
    expect(report.simulated).toBe(true);
  });

  it("is refused when it is of another ledger than the verifier knows", async () => {
    const { chainId, ledger } = good.statement;
    const known = await verify(receiptWith(good), { knownLedger: { chainId, receiptLedger: ledger } });
    expect([known.ok, known.ledgerKnown]).toEqual([true, true]);
    for (const knownLedger of [{ chainId: 1, receiptLedger: ledger }, { chainId, receiptLedger: "33".repeat(20) as never }]) {
      expect(failing(await verify(receiptWith(good), { knownLedger }))).toEqual(["ledger-known"]);
    }
  });

  it("is refused by a policy that names another measurement", async () => {
    const policy = { allowedAnchors: ["sim"], allowedMeasurements: ["cd".repeat(48) as never] } as const;
    expect(failing(await verify(receiptWith(good), { policy }))).toEqual(["worker-evidence", "labels"]);
  });
});

// A worker whose TEE is broken signs whatever it likes: DESIGN.md, promise 2.
const lies: readonly (readonly [what: string, lie: (g: Fixture, s: Fixture) => Lie, failing: readonly string[]])[] = [
  ["another registry root", (g) => ({ statement: { registryRoot: next(g.statement.registryRoot) } }), ["proof"]],
  ["another result", (g) => ({ statement: { resultCommitment: next(g.statement.resultCommitment) } }), ["proof"]],
  ["another job", (g) => ({ statement: { jobBinding: next(g.statement.jobBinding) } }), ["proof"]],
  ["a later as-of day", (g) => ({ statement: { asOfDay: g.statement.asOfDay + 30 } }), ["proof"]],
  ["a better source", () => ({ statement: { sourceClass: 2 } }), ["proof", "dataset"]],
  ["a better source of a dataset called proved", () => ({ statement: { sourceClass: 2, datasetProved: true } }), ["proof"]],
  ["a proof of another receipt", (_, s) => ({ statement: { proof: s.statement.proof } }), ["proof"]],
  ["a proof point off the curve", (g) => ({ statement: { proof: { ...g.statement.proof, a: [flip(g.statement.proof.a[0] as Uint8Array, 31), g.statement.proof.a[1] as Uint8Array] } } }), ["proof"]],
  ["a proof of zeros", () => ({ statement: { proof: zeros } }), ["proof"]],
  ["another verification key's hash", () => ({ statement: { verificationKeySha256: otherKeySha256 } }), ["artefact-pins"]],
  ["a key of its own and a proof under it", (g) => ({ statement: { verificationKeySha256: otherKeySha256, proof: otherProving.prove(signalList(g.statement)) } }), ["artefact-pins", "proof"]],
  ["a proof under a key of its own, the pinned one named", (g) => ({ statement: { proof: otherProving.prove(signalList(g.statement)) } }), ["proof"]],
  ["another program", () => ({ statement: { program: "retail-account/1" } }), ["artefact-pins", "proof"]],
  ["a program that nobody knows", () => ({ statement: { program: "sme-invoice/2" } }), ["program-known", "artefact-pins", "proof", "labels"]],
  ["a ledger signature with a bit changed", (g) => ({ statement: { ledgerSignature: flip(g.statement.ledgerSignature, 40) } }), ["ledger-signature"]],
  ["a ledger signature for something else", (_, s) => ({ statement: { ledgerSignature: s.statement.ledgerSignature } }), ["ledger-signature"]],
  ["another ledger", () => ({ statement: { ledger: "33".repeat(20) as never } }), ["anchor-consistency"]],
  ["another chain", () => ({ statement: { chainId: 1 } }), ["anchor-consistency"]],
  ["a time after its block", () => ({ statement: { createdAt: NOW + 1_000 } }), ["anchor-consistency"]],
  ["a time before its appraisal", () => ({ statement: { createdAt: NOW - 1_000 } }), ["anchor-consistency"]],
  ["real hardware, in the signed label", () => ({ statement: { simulated: false } }), ["labels"]],
  ["real hardware, in both labels", () => ({ statement: { simulated: false }, labels: { simulated: false } }), ["labels"]],
  ["production parameters, in the signed label", () => ({ statement: { developmentParameters: false } }), ["labels"]],
  ["production parameters, in both labels", () => ({ statement: { developmentParameters: false }, labels: { developmentParameters: false } }), ["labels"]],
  ["somebody else's certificate", () => ({ keys: rogue() }), ["worker-binding"]],
  ["another ledger account than was attested", (g) => ({ statement: { worker: { ...g.keys.identity, ledgerAddress: "44".repeat(20) as never } } }), ["worker-binding", "ledger-signature"]],
  ["a certificate of its own making", () => ({ keys: rogue(), certificate: certify(rogue(), SimulatedTee.fromSeed(FOREIGN_SIM_SEED)) }), ["worker-evidence", "labels"]],
  ["evidence of a debug enclave", (g) => ({ certificate: certify(g.keys, undefined, { debug: true }) }), ["worker-evidence", "labels"]],
  ["evidence that vouches for other keys", (g) => ({ certificate: { ...certify(rogue()), worker: g.keys.identity } }), ["worker-evidence", "labels"]],
  ["a time of appraisal before its collateral", () => ({ certificate: { appraisedAt: NOW - 7 * 86_400 } }), ["worker-evidence", "labels"]],
  ["another registrar's nonce", () => ({ certificate: { nonce: new Uint8Array(32) } }), ["worker-evidence", "labels"]],
];

describe("a worker that lies, with every key it has, is refused for", () => {
  it.each(lies)("%s", async (_what, lie, names) => {
    const report = await verify(receiptWith(good, lie(good, second)));
    expect(report.ok).toBe(false);
    expect(failing(report)).toEqual(names);
    for (const check of report.checks) expect(check.detail.length).toBeGreaterThan(10);
  });
});

describe("a public signal plus r", () => {
  it("names the same statement twice and is refused", async () => {
    const bytes = fieldToBytes((good.statement.resultCommitment + R) as Field);
    const payload = encodeRaw(good.statement, { resultCommitment: bytes });
    const envelope = signEnvelope(receiptStatement.payloadType, payload, good.keys.signing);
    const report = await verify({ ...receiptWith(good), statement: toBase64(envelopeToBytes(envelope)) });
    expect(failing(report)).toEqual(OFFLINE_CHECKS.filter((name) => name !== "format"));
    expect(report.checks.find((c) => c.name === "signals-in-range")?.detail).toMatch(/not a field element/);
  });
});

describe("a file that was changed by somebody without keys is refused for", () => {
  const edits: readonly (readonly [string, (json: ReturnType<typeof receiptWith>) => unknown, string])[] = [
    ["another format", (j) => ({ ...j, format: "veritee-receipt/2" }), "format"],
    ["an unknown field", (j) => ({ ...j, note: "" }), "format"],
    ["no anchor", ({ anchor: _, ...j }) => j, "format"],
    ["base64 that is not canonical", (j) => ({ ...j, statement: `${j.statement.slice(0, -1)}!` }), "format"],
    ["a cut statement", (j) => ({ ...j, statement: j.statement.slice(0, 400) }), "format"],
    ["an outer label: hardware", (j) => ({ ...j, labels: { ...j.labels, simulated: false } }), "labels"],
    ["an outer label: production", (j) => ({ ...j, labels: { ...j.labels, developmentParameters: false } }), "labels"],
    ["another chain in the anchor", (j) => ({ ...j, anchor: { ...j.anchor, chainId: 1 } }), "anchor-consistency"],
    ["another ledger in the anchor", (j) => ({ ...j, anchor: { ...j.anchor, ledger: "33".repeat(20) } }), "anchor-consistency"],
    ["a block before the receipt", (j) => ({ ...j, anchor: { ...j.anchor, blockTime: NOW - 1_000 } }), "anchor-consistency"],
    ["the statement of another receipt's signer", (j) => ({ ...j, certificate: receiptWith({ ...second, certificate: certify(rogue()) }).certificate }), "worker-binding"],
  ];
  it.each(edits)("%s", async (_what, edit, name) => {
    expect(failing(await verify(edit(receiptWith(good))))).toContain(name);
  });

  it("a block in the future", async () => {
    expect(failing(await verify(receiptWith(good), { now: NOW - 1_000 }))).toEqual(["anchor-consistency"]);
  });
});
