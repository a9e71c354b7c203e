import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareDataset, type PreparedDataset, type SourceParts } from "../../src/enterprise/dataset/prepare.js";
import { requestEndorsement } from "../../src/enterprise/dataset/request-endorsement.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { cardFromJson, cardToJson, endorsementFromJson, endorsementToJson } from "../../src/protocol/endorsement-file.js";
import { sourceKeyOf } from "../../src/protocol/ledger-digest.js";
import { endorsementRequestFromBytes, endorsementRequestToBytes, type EndorsementRequest } from "../../src/protocol/objects/index.js";
import type { CanonicalRecord } from "../../src/protocol/records.js";
import { endorse, openRequest, type ShownDataset } from "../../src/source/endorse.js";
import { cardOf, sourceFromSeed } from "../../src/source/identity.js";
import { ensureSameRecords } from "../../src/source/same-records.js";
import { AS_OF_DAY, invoices } from "../harness/records.js";
import { manualClock, seededRandom } from "../harness/seeded.js";

// Promises: a source signs only records that are its own, all of them and no others, whatever names counterparties have;
// only the source that a dataset was sealed for can open it; an endorsement is good for one leaf, so for one owner, on one ledger.

const random = seededRandom("endorse");
const source = sourceFromSeed(random(32));
const stranger = sourceFromSeed(random(32));
const enterprise = enterpriseFromSeed(random(32));
const place = { chainId: 31337, contract: "ab".repeat(20) as never };
const owner = enterprise.signing.publicKey;
const own = invoices(400);
const BANK: SourceParts = { sourceClass: 1, sourceKey: sourceKeyOf(source.account.address) };
const seal = (records: readonly CanonicalRecord[], parts: SourceParts = BANK): Promise<PreparedDataset> =>
  prepareDataset(enterprise, { program: smeInvoice, records, terms: { asOfDay: AS_OF_DAY, termsAmount: 0 }, source: parts }, { random, clock: manualClock().now });
const requestOf = async (d: PreparedDataset): Promise<EndorsementRequest> =>
  endorsementRequestFromBytes(endorsementRequestToBytes(await requestEndorsement(d, d.dataKey, await cardOf(source, 1))));

let dataset: PreparedDataset;
let shown: ShownDataset;
beforeAll(async () => {
  dataset = await seal(own);
  shown = await openRequest(source, smeInvoice, await requestOf(dataset));
});

describe("a source endorses", () => {
  it("its own records, in another order and under other tags, by an endorsement that reads back", () => {
    const elsewhere = [...own].reverse().map((r) => ({ ...r, tag: 1000 - r.tag }));
    const endorsement = endorse(source, shown, { owner, records: elsewhere }, place);
    expect(endorsement).toMatchObject({ program: "sme-invoice/1", leaf: dataset.manifest.value.leaf, source: source.account.address });
    expect(endorsementFromJson(JSON.parse(JSON.stringify(endorsementToJson(endorsement))))).toEqual(endorsement);
  });

  it.each<[string, (records: readonly CanonicalRecord[]) => readonly CanonicalRecord[]]>([
    ["one record fewer", (r) => r.slice(1)],
    ["one record more", (r) => [...r, r[0] as CanonicalRecord]],
    ["one record twice and another left out", (r) => [...r.slice(2), r[5] as CanonicalRecord, r[5] as CanonicalRecord]],
    ["an amount changed by one", (r) => r.map((v, i) => (i === 7 ? { ...v, amount: v.amount + 1 } : v))],
    ["a void one made valid", (r) => r.map((v) => (v.status === 1 && v === r.find((w) => w.status === 1) ? { ...v, status: 0 } : v))],
    ["one moved to another day", (r) => r.map((v, i) => (i === 7 ? { ...v, day: v.day - 1 } : v))],
    ["one moved to another counterparty", (r) => r.map((v, i) => (i === 7 ? { ...v, tag: (v.tag % 23) + 1 } : v))],
    ["one counterparty split in two", (r) => r.map((v, i) => (v.tag === 3 && i % 2 === 0 ? { ...v, tag: 99 } : v))],
    ["two counterparties taken together", (r) => r.map((v) => (v.tag === 3 ? { ...v, tag: 4 } : v))],
  ])("not when the enterprise's records have %s", async (_, change) => {
    const changed = await openRequest(source, smeInvoice, await requestOf(await seal(change(own))));
    expect(() => endorse(source, changed, { owner, records: own }, place)).toThrow(expect.objectContaining({ code: "endorsement_refused" }));
  });

  it("not the same records shown by another owner, who may have them from a broken enclave", () => {
    const other = enterpriseFromSeed(random(32)).signing.publicKey;
    expect(() => endorse(source, shown, { owner: other, records: own }, place)).toThrow(expect.objectContaining({ code: "endorsement_refused" }));
  });

  it("not what was sealed for another source, and cannot open what was sealed to another", async () => {
    const foreign = await seal(own, { sourceClass: 1, sourceKey: sourceKeyOf(stranger.account.address) });
    await expect(openRequest(source, smeInvoice, await requestOf(foreign))).rejects.toMatchObject({ code: "endorsement_refused" });
    await expect(openRequest(stranger, smeInvoice, await requestOf(dataset))).rejects.toMatchObject({ code: "open_failed" });
  });

  it("not a request that was changed on the way", async () => {
    const request = await requestOf(dataset);
    const other = await requestOf(await seal(invoices(400, "another firm")));
    await expect(openRequest(source, smeInvoice, { ...request, segments: other.segments })).rejects.toMatchObject({ code: "open_failed" });
    await expect(openRequest(source, smeInvoice, { ...request, manifest: other.manifest })).rejects.toMatchObject({ code: "open_failed" });
    await expect(openRequest(source, retailAccount, request)).rejects.toMatchObject({ code: "manifest_mismatch" });
  });
});

describe("an endorsement", () => {
  it("is its source's word on one leaf and one ledger", () => {
    const json = endorsementToJson(endorse(source, shown, { owner, records: own }, place));
    for (const change of [{ leaf: "00".repeat(32) }, { source: stranger.account.address }, { chainId: 1 }, { sourceRegistry: "cd".repeat(20) }, { program: "retail-account/1" }]) {
      expect(() => endorsementFromJson({ ...json, ...change })).toThrow(expect.objectContaining({ code: "signature_invalid" }));
    }
    expect(() => endorsementFromJson({ ...json, format: "x" })).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });

  it("comes from a source whose card reads back", async () => {
    const card = await cardOf(source, 3);
    expect(cardFromJson(JSON.parse(JSON.stringify(cardToJson(card))))).toEqual(card);
    expect(() => cardFromJson({ ...cardToJson(card), sourceClass: 0 })).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });
});

it("two sets of records are the same exactly when a renaming of counterparties makes them so", () => {
  const small = fc.array(fc.record({ tag: fc.nat(3), amount: fc.nat(3), direction: fc.nat(1) }), { maxLength: 6 });
  const records = (list: { tag: number; amount: number; direction: number }[]): CanonicalRecord[] =>
    list.map((v) => ({ day: 1, kind: 0, status: 0, balance: null, daysLate: 0, ...v }));
  const same = (a: CanonicalRecord[], b: CanonicalRecord[]): boolean => {
    try {
      ensureSameRecords(a, b, (r) => String(r.tag));
      return true;
    } catch {
      return false;
    }
  };
  const renamings = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
  const key = (list: CanonicalRecord[]): string => list.map((r) => `${r.tag} ${r.amount} ${r.direction}`).sort().join();
  fc.assert(fc.property(small, small, fc.boolean(), (a, b, shuffled) => {
    const [x, y] = [records(a), records(shuffled ? [...a].reverse() : b)];
    const truth = renamings.some((to) => key(x.map((r) => ({ ...r, tag: r.tag === 0 ? 0 : to[r.tag - 1] as number }))) === key(y));
    expect(same(x, y)).toBe(truth);
  }), { numRuns: 500 });
});
