import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/protocol/bytes.js";
import { disclosureChallenge, disclosureSignals, ensureRecipient, recipientDigest, type Claim, type DisclosureContext } from "../../src/protocol/disclosure.js";
import { disclosureFromJson, disclosureToJson, isDisclosure } from "../../src/protocol/disclosure-file.js";
import { field, R } from "../../src/protocol/field.js";
import { hexId, partyKey, type LedgerAddress } from "../../src/protocol/ids.js";
import { disclosureFromBytes, disclosureToBytes, type Disclosure } from "../../src/protocol/objects/disclosure.js";
import { DisclosureSchema, Groth16ProofSchema } from "../../src/protocol/wire/veritee_pb.js";

const context: DisclosureContext = {
  chainId: 31337, ledger: hexId<LedgerAddress>("0c".repeat(20), 20, "ledger"), jobBinding: field(888), recipient: "Bank of Examples", expiresAt: 1_900_000_000,
};
const claim: Claim = { scoreAtLeast: 600, gradeAtMost: 2, owner: partyKey("0a".repeat(32)), model: field(7) };
const word = new Uint8Array(32).fill(1);
const good: Disclosure = {
  context, claim, resultCommitment: field(5), proof: { a: [word, word], b: [word, word, word, word], c: [word, word] }, verificationKeySha256: word, developmentParameters: true,
};
const invalid = expect.objectContaining({ code: "input_invalid" });

describe("a disclosure's bytes", () => {
  test.each<[string, Partial<Claim>]>([
    ["everything", {}],
    ["a grade alone", { scoreAtLeast: undefined, owner: undefined, model: undefined }],
    ["the best grade, index 0", { gradeAtMost: 0 }],
    ["a score of 0", { scoreAtLeast: 0, gradeAtMost: undefined }],
    ["a score below 0", { scoreAtLeast: -100 }],
  ])("come back as they were: %s", (_, change) => {
    const one = { ...good, claim: { ...claim, ...change } };
    expect(disclosureFromBytes(disclosureToBytes(one))).toEqual(one);
    expect(disclosureFromJson(JSON.parse(JSON.stringify(disclosureToJson(one))))).toEqual({ labels: { developmentParameters: true }, disclosure: one });
  });

  test.each<[string, Parameters<typeof create<typeof DisclosureSchema>>[1]]>([
    ["no claim", { scoreAtLeast: undefined, gradeAtMost: undefined }],
    ["a score that claims nothing", { scoreAtLeast: -(2 ** 19) }],
    ["a score out of range", { scoreAtLeast: 2 ** 19 }],
    ["a grade that no model has", { gradeAtMost: 7 }],
    ["no recipient", { recipient: "" }],
    ["a recipient with a line break", { recipient: "Bank\nof Examples" }],
    ["an expiry beyond every calendar", { expiresAt: 10n ** 15n }],
    ["a short ledger", { ledger: new Uint8Array(19) }],
    ["a short owner", { owner: new Uint8Array(31) }],
    ["a short key digest", { verificationKeySha256: new Uint8Array(31) }],
    ["half a proof", { proof: create(Groth16ProofSchema, { a: [word], b: [word], c: [word] }) }],
  ])("with %s are refused", (_, change) => {
    const message = fromBinary(DisclosureSchema, disclosureToBytes(good));
    expect(() => disclosureFromBytes(toBinary(DisclosureSchema, create(DisclosureSchema, { ...message, ...change } as never)))).toThrow(invalid);
  });

  test("have one spelling", () => {
    const bytes = disclosureToBytes(good);
    expect(() => disclosureFromBytes(Uint8Array.of(...bytes, 0xa0, 0x06, 0x01))).toThrow(invalid); // an unknown field
    expect(() => disclosureFromBytes(bytes.subarray(1))).toThrow(invalid);
  });

  test.each(["no file", 1, undefined, {}, { format: "veritee-disclosure/2" }, { ...disclosureToJson(good), more: 1 }])("of another shape are no disclosure: %j", (json) =>
    expect(() => disclosureFromJson(json)).toThrow(expect.objectContaining({ code: "disclosure_invalid" })));

  test("are told from a receipt's by the file's format", () => {
    expect(isDisclosure(disclosureToJson(good))).toBe(true);
    expect([undefined, "x", {}, { format: "veritee-receipt/1" }].map(isDisclosure)).toEqual([false, false, false, false]);
  });
});

// Computed apart from this code, by Python's hashlib, from the words of docs/protocol.md 13.
const CHALLENGE = 419596980744913776089310301485470823643476962593334642968569229143416527215n;
const RECIPIENT = "9ead8ce4de9743eb502a53b713a713a1ff4367155da8eb6d5778a6f8e3878889";

describe("the challenge", () => {
  const changes: Partial<DisclosureContext>[] = [
    { chainId: 1 }, { ledger: hexId<LedgerAddress>("0d".repeat(20), 20, "ledger") }, { jobBinding: field(889) }, { recipient: "Bank of Example" }, { expiresAt: 1_900_000_001 },
  ];
  test("is another for another chain, ledger, job, recipient or expiry", () => {
    const all = [context, ...changes.map((c) => ({ ...context, ...c }))].map(disclosureChallenge);
    expect(new Set(all).size).toBe(changes.length + 1);
    for (const c of all) expect(c < R).toBe(true);
  });

  test("is the documented one", () => {
    expect(disclosureChallenge(context)).toBe(CHALLENGE);
    expect(toHex(recipientDigest("Bank of Examples"))).toBe(RECIPIENT);
  });
});

test("the signals are in circuit order, and what is not claimed claims nothing", () => {
  const challenge = disclosureChallenge(context);
  const signals = disclosureSignals(field(5), claim, context);
  expect([signals[0], signals[1], signals[2], signals[4], signals[5]]).toEqual([5n, 600n + 2n ** 19n, 2n, 7n, challenge]);
  const nothing = { scoreAtLeast: undefined, gradeAtMost: undefined, owner: undefined, model: undefined };
  expect(disclosureSignals(field(5), nothing, context)).toEqual([5n, 0n, 7n, 0n, 0n, challenge]);
});

test.each(["", " Bank", "Bank ", "Ba\tnk", "Ba\u200bnk", "Ba\u0301nk e\u0301", "x".repeat(201)])("a name that cannot be told from another at sight is no recipient: %j", (name) =>
  expect(() => ensureRecipient(name)).toThrow(invalid));
