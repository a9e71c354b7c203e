// Promise: a disclosure convinces the recipient that it is made out to, until it expires, of what it claims, and nobody of
// anything else.
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RESULT_INFO, resultAad } from "../../src/protocol/aad.js";
import { toBase64 } from "../../src/protocol/bytes.js";
import { jobBinding, ownerField, pointsPacking } from "../../src/protocol/commitments.js";
import type { Claim, DisclosureContext } from "../../src/protocol/disclosure.js";
import { disclosureToJson } from "../../src/protocol/disclosure-file.js";
import { field, type Field } from "../../src/protocol/field.js";
import { hpkeOpen } from "../../src/protocol/hpke.js";
import { hexId, idBytes, partyKey, type LedgerAddress } from "../../src/protocol/ids.js";
import { ledgerProgramId } from "../../src/protocol/ledger-digest.js";
import { enterpriseResult, platformResult, sealedResult, type Disclosure, type EnterpriseResult, type PlatformResult } from "../../src/protocol/objects/index.js";
import { disclosureFromBytes, disclosureToBytes } from "../../src/protocol/objects/disclosure.js";
import { DisclosureSchema } from "../../src/protocol/wire/veritee_pb.js";
import { disclosureInput, type OpenedCommitment } from "../../src/programs/disclosure-input.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { proofFromWire, proofToWire } from "../../src/proofs/codec.js";
import { pinnedKeyOf } from "../../src/proofs/pinned-key.js";
import type { Prover } from "../../src/proofs/prover.js";
import { terminate } from "../../src/prover/engine.js";
import { explainDisclosure } from "../../src/verifier/explain-disclosure.js";
import type { DisclosureReport, VerifyDisclosureOptions } from "../../src/verifier/disclosure-types.js";
import { verifyDisclosure } from "../../src/verifier/verify-disclosure.js";
import type { ChainReader } from "../../src/verifier/chain-port.js";
import type { VerifyOptions } from "../../src/verifier/types.js";
import { pinned, runWorker } from "../enclave/harness/worker.js";
import { makeWorld, NOW, type World } from "../enclave/harness/world.js";
import { malleated, pinnedProver } from "../proofs/harness.js";
import { fixtureOf, makeFixture, OPTIONS, otherKeySha256, receiptWith, type Fixture } from "./fixture.js";

const RECIPIENT = "Bank of Examples";
const EXPIRES = NOW + 1000;
const NOTHING: Claim = { scoreAtLeast: undefined, gradeAtMost: undefined, owner: undefined, model: undefined };

let prover: Prover;
let world: World;
let fixture: Fixture;
let receipt: unknown;
let mine: PlatformResult;
let theirs: EnterpriseResult;
let good: Disclosure;

beforeAll(async () => {
  prover = await pinnedProver(["disclose"]);
  world = await makeWorld();
  const run = await runWorker(world);
  fixture = fixtureOf(run);
  receipt = receiptWith(fixture);
  const open = (i: 0 | 1) => {
    const [party, key] = i === 0 ? [world.platform, world.platformResultKey] : [world.enterprise, world.enterpriseResultKey];
    return hpkeOpen(key, RESULT_INFO, resultAad(world.job.id, party.publicKey), sealedResult.open(run.completion?.results[i] as never).value.box);
  };
  mine = platformResult.decode(await open(0));
  theirs = enterpriseResult.decode(await open(1));
  good = await disclosed({ scoreAtLeast: mine.score, gradeAtMost: mine.gradeIndex });
});
afterAll(terminate);

const gradeParts = (r: PlatformResult | EnterpriseResult) =>
  ({ job: jobBinding(idBytes(r.job)), leaf: r.leaf, asOfDay: r.asOfDay, termsAmount: Number(r.termsAmount), gradeIndex: r.gradeIndex, gradeSalt: r.gradeSalt });

const leafOf = () => {
  const m = world.dataset.value;
  return {
    programTag: smeInvoice.tag, owner: ownerField(idBytes(m.owner)), sourceClass: m.sourceClass, sourceKey: field(0), asOfDay: mine.asOfDay,
    termsAmount: Number(mine.termsAmount), datasetRoot: m.datasetRoot, aggregates: m.aggregateCommitment,
  };
};

const asPlatform = (): OpenedCommitment => ({
  grade: gradeParts(mine),
  detail: { model: mine.modelCommitment, points: pointsPacking(mine.features.map((f) => f.points)), score: mine.score, detailSalt: mine.detailSalt },
  leaf: leafOf(),
});
const asEnterprise = (): OpenedCommitment => ({ grade: gradeParts(theirs), detail: theirs.detailCommitment, leaf: leafOf() });

async function disclosed(claim: Partial<Claim>, { as = asPlatform(), context = {} }: { as?: OpenedCommitment; context?: Partial<DisclosureContext> } = {}): Promise<Disclosure> {
  const { statement: s } = fixture;
  const whole = { ...NOTHING, ...claim };
  const at = { chainId: s.chainId, ledger: s.ledger, jobBinding: s.jobBinding, recipient: RECIPIENT, expiresAt: EXPIRES, ...context };
  const { input } = disclosureInput(s.resultCommitment, as, whole, at);
  const { a, b, c } = proofToWire((await prover.prove("disclose", input)).proof);
  const { sha256, development } = pinnedKeyOf("disclose");
  return { context: at, claim: whole, resultCommitment: s.resultCommitment, proof: { a, b, c }, verificationKeySha256: sha256, developmentParameters: development };
}

const judge = (disclosure: Disclosure | object, options: Partial<VerifyDisclosureOptions> = {}): Promise<DisclosureReport> =>
  verifyDisclosure("context" in disclosure ? disclosureToJson(disclosure as Disclosure) : disclosure,
    { recipient: RECIPIENT, now: NOW + 10, receipt, verify: OPTIONS, ...options });
const failing = ({ checks }: DisclosureReport): string[] => checks.filter((c) => !c.ok).map((c) => c.name);
const changed = (change: { [Part in keyof Disclosure]?: Partial<Disclosure[Part]> | Disclosure[Part] }): Disclosure => ({
  ...good, ...change, context: { ...good.context, ...change.context }, claim: { ...good.claim, ...change.claim },
} as Disclosure);

describe("an honest disclosure", () => {
  it("verifies with the receipt, at the exact score and grade, and shows no more than they", async () => {
    const report = await judge(good);
    expect(failing(report)).toEqual([]);
    expect(report).toMatchObject({
      ok: true, developmentParameters: true, chainChecked: false, ledgerKnown: false, receipt: { ok: true, simulated: true },
      facts: { scoreAtLeast: mine.score, gradeRankAtMost: mine.gradeIndex + 1, owner: undefined, model: undefined, recipient: RECIPIENT, expiresAt: EXPIRES },
    });
    const words = explainDisclosure(report).join("\n");
    expect(words).toMatch(/VERIFIED[\s\S]*SIMULATED[\s\S]*DEVELOPMENT[\s\S]*not asked[\s\S]*whose result it is is not shown/);
    expect(words).toContain(`a result of sme-invoice/1`);
    expect(words).toContain(`a score of at least ${mine.score} and one of the ${mine.gradeIndex + 1} best grades`);
  });

  it("can be made by the enterprise about its grade, whose dataset and all, without knowing score or model", async () => {
    const shown = await disclosed({ gradeAtMost: theirs.gradeIndex, owner: world.enterprise.publicKey }, { as: asEnterprise() });
    const report = await judge(shown);
    expect(failing(report)).toEqual([]);
    expect(explainDisclosure(report)).toContain(`of enterprise ${world.enterprise.publicKey}`);
  });

  it("can show whose dataset it is and which model, on wish", async () => {
    const report = await judge(await disclosed({ scoreAtLeast: 1, owner: world.enterprise.publicKey, model: mine.modelCommitment }));
    expect(failing(report)).toEqual([]);
    expect(report.facts).toMatchObject({ owner: world.enterprise.publicKey, gradeRankAtMost: undefined });
  });

  it("verifies re-randomised as well: the same statement in other bytes", async () => {
    const { a, b, c } = good.proof;
    const wire = proofToWire(malleated(proofFromWire({ a, b, c } as never)));
    const other = changed({ proof: { a: wire.a, b: wire.b, c: wire.c } });
    expect(disclosureToBytes(other)).not.toEqual(disclosureToBytes(good));
    expect(failing(await judge(other))).toEqual([]);
  });

  it("is good in its last second, and not after", async () => {
    expect(failing(await judge(good, { now: EXPIRES }))).toEqual([]);
    expect(failing(await judge(good, { now: EXPIRES + 1 }))).toEqual(["expiry"]);
  });
});

describe("what was disclosed to one cannot be used for another", () => {
  it("by showing it as it is", async () => expect(failing(await judge(good, { recipient: "Bank of Example" }))).toEqual(["recipient"]));

  it.each<[string, Partial<DisclosureContext>, string[]]>([
    ["recipient", { recipient: "another" }, ["proof"]],
    ["expiry", { expiresAt: EXPIRES + 1 }, ["proof"]],
    ["chain", { chainId: 1 }, ["proof", "receipt-match"]],
    ["ledger", { ledger: hexId<LedgerAddress>("0d".repeat(20), 20, "ledger") }, ["proof", "receipt-match"]],
    ["job", { jobBinding: field(1) }, ["proof", "receipt-match"]],
  ])("by writing another %s into it", async (_, context, checks) =>
    expect(failing(await judge(changed({ context }), context.recipient === undefined ? {} : { recipient: context.recipient }))).toEqual(checks));
});

describe("an edited claim is refused", () => {
  it.each<[string, () => Disclosure]>([
    ["a point more", () => changed({ claim: { scoreAtLeast: mine.score + 1 } })],
    ["a point less", () => changed({ claim: { scoreAtLeast: mine.score - 1 } })],
    ["a score of 0", () => changed({ claim: { scoreAtLeast: 0 } })],
    ["no score", () => changed({ claim: { scoreAtLeast: undefined } })],
    ["a better grade", () => changed({ claim: { gradeAtMost: mine.gradeIndex - 1 } })],
    ["a worse grade", () => changed({ claim: { gradeAtMost: mine.gradeIndex + 1 } })],
    ["no grade", () => changed({ claim: { gradeAtMost: undefined } })],
    ["an owner", () => changed({ claim: { owner: world.enterprise.publicKey } })],
    ["another owner", () => changed({ claim: { owner: partyKey("0b".repeat(32)) } })],
    ["a model", () => changed({ claim: { model: mine.modelCommitment } })],
  ])("%s", async (_, edit) => expect(failing(await judge(edit()))).toEqual(["proof"]));

  it("another result", async () => expect(failing(await judge(changed({ resultCommitment: field(9) })))).toEqual(["proof", "receipt-match"]));
  it("another key's name", async () => expect(failing(await judge(changed({ verificationKeySha256: new Uint8Array(32) })))).toEqual(["artefact-pins"]));
  it("labels that call the parameters good", async () => {
    expect(failing(await judge(changed({ developmentParameters: false })))).toEqual(["labels"]);
    expect(failing(await judge({ ...disclosureToJson(good), labels: { developmentParameters: false } }))).toEqual(["labels"]);
  });
});

describe("the result behind a disclosure", () => {
  it("must be shown by receipt or ledger: otherwise anybody may have made it up", async () => {
    const report = await judge(good, { receipt: undefined });
    expect(failing(report)).toEqual(["receipt"]);
    expect(explainDisclosure(report).join("\n")).toMatch(/REFUSED[\s\S]*may have made up the result/);
  });

  it("must be the one of the receipt", async () => {
    const other = receiptWith(await makeFixture("another"));
    expect(failing(await judge(good, { receipt: other }))).toEqual(["receipt-match"]);
  });

  it("must have a receipt that verifies", async () => {
    const forged = receiptWith(fixture, { statement: { registryRoot: field(1) } });
    expect(failing(await judge(good, { receipt: forged }))).toEqual(["receipt"]);
    expect(failing(await judge(good, { receipt: "no receipt" }))).toEqual(["receipt", "receipt-match"]);
  });

  interface Entry { stored?: Field | undefined; chainId?: number; program?: string; keySha256?: Uint8Array; sourceClass?: number; proved?: boolean }
  const ledger = ({ chainId = fixture.statement.chainId, program = "sme-invoice/1", keySha256 = pinned.sha256, ...entry }: Entry = {}): ChainReader => {
    const stored = "stored" in entry ? entry.stored : good.resultCommitment;
    const { asOfDay } = fixture.statement;
    const record = { resultCommitment: stored, programId: ledgerProgramId(program), asOfDay, sourceClass: entry.sourceClass ?? 0, proved: entry.proved ?? false };
    return {
      deployment: { chainId, receiptLedger: fixture.statement.ledger },
      receipt: () => Promise.resolve(stored),
      receiptRecord: () => Promise.resolve(stored === undefined ? undefined : record),
      program: () => Promise.resolve({ keySha256, developmentParameters: true, retired: false }),
    } as unknown as ChainReader;
  };
  const byLedger = (entry: Entry = {}, verify: Partial<VerifyOptions> = {}): Promise<DisclosureReport> =>
    judge(good, { receipt: undefined, verify: { ...OPTIONS, chain: ledger(entry), ...verify } });

  it("is believed to the ledger as well, when there is no receipt", async () => {
    const report = await byLedger();
    expect(failing(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true, developmentParameters: true, chainChecked: true, receipt: undefined, result: { program: "sme-invoice/1", datasetProved: false } });
    expect(explainDisclosure(report).join("\n")).toMatch(/nothing is known of the worker[\s\S]*a result of sme-invoice\/1 .*dataset NOT proved/);
  });

  it.each<[string, Entry, Partial<VerifyOptions>, string[]]>([
    ["that has no such job", { stored: undefined }, {}, ["recorded"]],
    ["that has another result", { stored: field(3) }, {}, ["recorded"]],
    ["on another chain", { chainId: 5 }, {}, ["recorded"]],
    ["that verified it under another key", { keySha256: otherKeySha256 }, {}, ["program-key"]],
    ["that has it of an unknown program", { program: "freight/1" }, {}, ["program-key"]],
    ["that names a source for it without a proof", { sourceClass: 1 }, {}, ["dataset"]],
    ["that has it of a dataset that is not proved, where proved ones are asked for", {}, { requireProvedDataset: true }, ["dataset"]],
    ["where hardware is asked for, which the ledger does not show", {}, { requireHardware: true }, ["receipt"]],
    ["where development parameters do not count", {}, { allowDevelopmentParameters: false }, ["production-parameters", "production-parameters"]],
  ])("is not believed to a ledger %s", async (_, entry, verify, checks) => expect(failing(await byLedger(entry, verify))).toEqual(checks));

  it("is not believed to a ledger that does not answer", async () => {
    const chain = { ...ledger(), receipt: () => Promise.reject(new Error("down")) };
    expect(failing(await byLedger({}, { chain }))).toEqual(["recorded"]);
  });

  it("is believed to a ledger that has it of a proved dataset, where those are asked for", async () =>
    expect(failing(await byLedger({ proved: true, sourceClass: 1 }, { requireProvedDataset: true }))).toEqual([]));

  it("is refused on a ledger that the verifier does not know", async () => {
    const knownLedger = { chainId: 1, receiptLedger: fixture.statement.ledger };
    expect(failing(await judge(good, { verify: { ...OPTIONS, knownLedger } }))).toEqual(["ledger-known", "receipt"]);
  });
});

it("development parameters are refused where they do not count", async () =>
  expect(failing(await judge(good, { verify: { ...OPTIONS, allowDevelopmentParameters: false } }))).toEqual(expect.arrayContaining(["production-parameters", "receipt"])));

describe("hostile input", () => {
  it("of any shape is refused, never thrown at", async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.anything(), fc.jsonValue()), async (json) => {
      const report = await verifyDisclosure(json, { recipient: RECIPIENT, now: NOW, receipt, verify: OPTIONS });
      expect(failing(report)).toContain("format");
    }), { numRuns: 50 });
  });

  it("with one bit changed anywhere is refused", async () => {
    const bytes = disclosureToBytes(good);
    await fc.assert(fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const flipped = bytes.map((b, i) => (i === bit >> 3 ? b ^ (1 << (bit & 7)) : b));
      const report = await judge({ ...disclosureToJson(good), disclosure: toBase64(flipped) });
      expect(report.ok).toBe(false);
    }), { numRuns: 40 });
  });

  it("with a signal of r or more is refused", () => {
    const bytes = toBinary(DisclosureSchema, create(DisclosureSchema, { ...rawOf(good), resultCommitment: new Uint8Array(32).fill(255) }));
    expect(() => disclosureFromBytes(bytes)).toThrow(expect.objectContaining({ code: "signal_out_of_range" }));
  });
});

const rawOf = ({ context, proof: { a, b, c } }: Disclosure) => ({
  chainId: BigInt(context.chainId), ledger: idBytes(context.ledger), jobBinding: new Uint8Array(32), recipient: context.recipient,
  expiresAt: BigInt(context.expiresAt), gradeAtMost: 1, proof: { a: [...a], b: [...b], c: [...c] }, verificationKeySha256: new Uint8Array(32),
});
