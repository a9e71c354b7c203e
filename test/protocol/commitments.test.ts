import fc from "fast-check";
import { poseidon2, poseidon4, poseidon5, poseidon6, poseidon8, poseidon16 } from "poseidon-lite";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/protocol/hash.js";
import { utf8 } from "../../src/protocol/bytes.js";
import { splitIntoChunks, type PackContext } from "../../src/protocol/chunks.js";
import {
  aggregateCommitment, chunkCommitment, chunkHeader, datasetRoot, datasetRoots, detailPart, gradePart, jobBinding, leaf, merkleRoot, modelCommitment, ownerField,
  pointsPacking, resultCommitment,
} from "../../src/protocol/commitments.js";
import { field, type Field } from "../../src/protocol/field.js";
import { encodeModel, type ModelNumbers } from "../../src/protocol/model-encoding.js";
import type { CanonicalRecord } from "../../src/protocol/records.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";

const salt = new Uint8Array(31).fill(1);
const saltField = BigInt(`0x${"01".repeat(31)}`);
const f = (n: number | bigint): Field => field(n);

/** digest() and fieldFromDigest of section 2, written out. */
function domain(...parts: (string | Uint8Array)[]): bigint {
  const bytes = parts.flatMap((p) => {
    const b = typeof p === "string" ? utf8(p) : p;
    return [0, 0, 0, b.length, ...b];
  });
  return BigInt(`0x${Buffer.from(sha256(new Uint8Array(bytes)).subarray(0, 31)).toString("hex")}`);
}

const invoice = (over: Partial<CanonicalRecord> = {}): CanonicalRecord =>
  ({ day: 18_000, direction: 0, kind: 0, status: 0, amount: 1234, balance: null, daysLate: 0, tag: 99, ...over });

describe("chunk commitment and dataset root", () => {
  const terms = { asOfDay: 18_261, termsAmount: 0 };
  const chunksOf = (records: CanonicalRecord[]) => splitIntoChunks(smeInvoice, smeInvoice.canonical(records, terms), () => salt);
  const context: PackContext = { terms, header: [f(0), f(0)], before: null, tagsBefore: 0 };
  const commit = (records: CanonicalRecord[]): Field => chunkCommitment(smeInvoice, chunksOf(records)[0] ?? { index: 0, records: [], salt }, context);

  const absorbed = (program: string, elements: readonly bigint[]): bigint => {
    let state = poseidon2([domain("veritee/chunk/v1", program), BigInt(elements.length)]);
    for (let i = 0; i < elements.length; i += 15) {
      const group = elements.slice(i, i + 15);
      state = poseidon16([state, ...group, ...Array<bigint>(15 - group.length).fill(0n)]);
    }
    return state;
  };

  test("is absorb over the header, the opened elements, the rest and the salt", () => {
    const absent = (1n << 36n) | (48n << 38n);
    const row = (low: bigint): bigint => [low, absent, absent, absent, absent].reduce((e, slot, i) => e | (slot << BigInt(44 * i)), 0n);
    // 2019-04-14 is in month 27 of the window: r = 3, q = 0, h = 2.
    const slot = (1234n + (1n << 36n)) | (1n << 37n) | (35n << 38n);
    const elements = [1n | (1n << 32n), row(slot), ...Array<bigint>(63).fill(row(absent)), 18_000n, ...Array<bigint>(22).fill(0n), saltField];
    expect(elements).toHaveLength(89);
    expect(commit([invoice()])).toBe(absorbed("sme-invoice/1", elements));
  });

  test("is so for transactions too, whose slots run on from element to element", () => {
    const loan = { asOfDay: 18_050, termsAmount: 400 };
    const record: CanonicalRecord = { ...invoice(), kind: 0x11, amount: 70, balance: -30, tag: 5 };
    const records = retailAccount.canonical(Array.from({ length: 3 }, (_, i) => ({ ...record, day: 18_000 + i })), loan);
    const chunk = { index: 1, records, salt };
    // delta, q = 0 (the largest credit), day, recent, type 1, household; the first is also a new partner
    const slot = (delta: bigint, day: bigint): bigint => delta | (day << 63n) | (1n << 77n) | (1n << 80n) | (1n << 83n);
    const stream = slot(2n ** 31n - 30n, 0n) | (1n << 84n) | (slot(0n, 1n) << 85n) | (slot(0n, 2n) << 170n);
    const low = stream & ((1n << 252n) - 1n);
    const rest = 1n | (1n << 3n) | (1n << 6n);
    const elements = [1n | (3n << 32n), low, stream >> 252n, ...Array<bigint>(83).fill(0n), rest | (rest << 18n) | (rest << 36n), ...Array<bigint>(17).fill(0n), saltField];
    expect(elements).toHaveLength(105);
    expect(stream >> 252n).not.toBe(0n);
    const retailContext: PackContext = { terms: loan, header: retailAccount.header(records, loan), before: null, tagsBefore: 0 };
    expect(chunkCommitment(retailAccount, chunk, retailContext)).toBe(absorbed("retail-account/1", elements));
  });

  test("the header element holds index, count and direction", () => {
    expect(chunkHeader(3, 320, 1)).toBe(3n | (320n << 32n) | (1n << 64n));
  });

  test("changes with every field, the index, the count, the salt and the record before", () => {
    const [chunk = { index: 0, records: [], salt }] = chunksOf([invoice()]);
    const all = [
      commit([invoice()]), commit([invoice(), invoice()]), ...[{ day: 1 }, { direction: 1 }, { status: 1 }, { amount: -1234 }].map((o) => commit([invoice(o)])),
      commit([invoice(), invoice({ tag: 98 })]), chunkCommitment(smeInvoice, { ...chunk, index: 2 }, context), chunkCommitment(smeInvoice, { ...chunk, salt: salt.map(() => 2) }, context),
      chunkCommitment(smeInvoice, chunk, { ...context, before: invoice({ tag: 1 }) }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test("the roots chain the commitments from program, count, terms and header", () => {
    const loan = { asOfDay: 7, termsAmount: 8 };
    const start = poseidon6([201n, 2n, 7n, 8n, 9n, 10n]);
    const chained = [start, poseidon2([start, 5n]), poseidon2([poseidon2([start, 5n]), 6n])];
    expect(datasetRoots(retailAccount, loan, [f(9), f(10)], [f(5), f(6)])).toEqual(chained);
    expect(datasetRoot(retailAccount, loan, [f(9), f(10)], [f(5), f(6)])).toBe(chained[2]);
    expect(datasetRoot(smeInvoice, terms, [f(0), f(0)], [])).toBe(poseidon6([101n, 0n, 18_261n, 0n, 0n, 0n]));
  });

  test("the root tells apart what differs in the order, the terms or the header only", () => {
    const root = (asOfDay: number, termsAmount: number, h0: number, h1: number, commitments = [f(5), f(6)]): Field =>
      datasetRoot(retailAccount, { asOfDay, termsAmount }, [f(h0), f(h1)], commitments);
    const all = [root(7, 8, 9, 10), root(6, 8, 9, 10), root(7, 9, 9, 10), root(7, 8, 8, 10), root(7, 8, 9, 11), root(7, 8, 9, 10, [f(6), f(5)]), root(7, 8, 9, 10, [f(5)])];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("the other commitments are those of protocol section 4", () => {
  test("A, M, O, J", () => {
    expect(aggregateCommitment([f(1), f(2), f(3)], salt)).toBe(poseidon4([1n, 2n, 3n, saltField]));
    expect(modelCommitment(101n, { header: f(7), characteristics: [f(8), f(9)] }, salt)).toBe(poseidon5([101n, 7n, 8n, 9n, saltField]));
    expect(ownerField(utf8("key"))).toBe(domain("veritee/owner/v1", "key"));
    expect(jobBinding(utf8("job"))).toBe(domain("veritee/job-binding/v1", "job"));
  });

  test("L", () => {
    const parts = { programTag: 101n, owner: f(2), sourceClass: 3, sourceKey: f(4), asOfDay: 5, termsAmount: 6, datasetRoot: f(7), aggregates: f(8) };
    expect(leaf(parts)).toBe(poseidon8([101n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]));
  });

  test("P, G, F, K", () => {
    expect(pointsPacking([-(2 ** 15), 0, 2 ** 15 - 1])).toBe((32_768n << 16n) | (65_535n << 32n));
    const grade = gradePart({ job: f(1), leaf: f(2), asOfDay: 3, termsAmount: 4, gradeIndex: 5, gradeSalt: salt });
    expect(grade).toBe(poseidon6([1n, 2n, 3n, 4n, 5n, saltField]));
    const detail = detailPart({ model: f(1), points: f(2), score: -3, detailSalt: salt });
    expect(detail).toBe(poseidon4([1n, 2n, 524_285n, saltField]));
    expect(resultCommitment(grade, detail)).toBe(poseidon2([grade, detail]));
  });

  test("a path's index bit puts the sibling left", () => {
    expect(merkleRoot(f(1), 0b10, [f(2), f(3)])).toBe(poseidon2([3n, poseidon2([1n, 2n])]));
    expect(merkleRoot(f(1), 0, [])).toBe(1n);
  });
});

describe("encodeModel", () => {
  const model: ModelNumbers = { base: 241, thresholds: [750, -10], characteristics: [{ edges: [130, 380], points: [0, -92, 134] }] };
  const lane = (element: bigint, at: number, width: number): bigint => (element >> BigInt(at)) & ((1n << BigInt(width)) - 1n);

  test("puts base, thresholds, edges and points where section 4 says, with the fillers", () => {
    const { header, characteristics: [c = f(0)] } = encodeModel(model);
    expect([0, 1, 2, 3, 4, 5, 6].map((i) => lane(header, 20 * i, 20))).toEqual([524_529n, 525_038n, 524_278n, 0n, 0n, 0n, 0n]);
    expect([0, 1, 2, 3, 4].map((i) => lane(c, 30 * i, 30))).toEqual([130n, 380n, 2n ** 30n - 1n, 2n ** 30n - 1n, 2n ** 30n - 1n]);
    expect([0, 1, 2, 3, 4, 5].map((i) => lane(c, 150 + 16 * i, 16))).toEqual([32_768n, 32_676n, 32_902n, 32_768n, 32_768n, 32_768n]);
    expect(c >> 246n).toBe(0n);
  });

  test("two models never encode alike", () => {
    const edge = fc.integer({ min: 0, max: 2 ** 30 - 2 });
    const arbitrary = fc.record({
      base: fc.integer({ min: -1000, max: 1000 }),
      thresholds: fc.uniqueArray(fc.integer({ min: -500, max: 500 }), { maxLength: 6 }).map((t) => t.sort((a, b) => b - a)),
      characteristics: fc.array(fc.uniqueArray(edge, { maxLength: 5 }).map((e) => e.sort((a, b) => a - b)).chain((edges) =>
        fc.array(fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }), { minLength: edges.length + 1, maxLength: edges.length + 1 }).map((points) => ({ edges, points }))), { minLength: 1, maxLength: 3 }),
    });
    fc.assert(fc.property(arbitrary, ({ characteristics, ...rest }) => {
      const encoded = encodeModel({ ...rest, characteristics });
      const edges = encoded.characteristics.map((c) => [0, 1, 2, 3, 4].map((i) => Number(lane(c, 30 * i, 30))).filter((e) => e !== 2 ** 30 - 1));
      const points = encoded.characteristics.map((c, j) => (characteristics[j]?.points ?? []).map((_, i) => Number(lane(c, 150 + 16 * i, 16)) - 2 ** 15));
      expect({ edges, points }).toEqual({ edges: characteristics.map((c) => c.edges), points: characteristics.map((c) => c.points) });
    }));
  });
});
