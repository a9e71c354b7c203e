import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderJournal, readSealedDataset, writeSealedDataset } from "../../src/enterprise/dataset/local.js";
import { openDataset } from "../../src/enterprise/dataset/open.js";
import { prepareDataset, type DatasetInput, type DatasetStep, type PreparedDataset } from "../../src/enterprise/dataset/prepare.js";
import { publishDataset, untilAnchored, withdrawDataset } from "../../src/enterprise/dataset/publish.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { retailAccount } from "../../src/programs/retail-account/program.js";
import type { Program } from "../../src/programs/program.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { toHex } from "../../src/protocol/bytes.js";
import { datasetManifest, type DatasetManifest } from "../../src/protocol/objects/index.js";
import type { CanonicalRecord } from "../../src/protocol/records.js";
import { openSegment } from "../../src/protocol/sealing.js";
import { MemoryCoordinator } from "../harness/memory-coordinator.js";
import { AS_OF_DAY, invoices } from "../harness/records.js";
import { manualClock, seededRandom } from "../harness/seeded.js";

const random = seededRandom("dataset");
const ports = { random, clock: manualClock().now };
const enterprise = enterpriseFromSeed(random(32));
const input: DatasetInput = { program: smeInvoice, records: invoices(1100), terms: { asOfDay: AS_OF_DAY, termsAmount: 0 } };
let sealed: PreparedDataset;
beforeAll(async () => void (sealed = await prepareDataset(enterprise, input, ports)));

const open = (d: PreparedDataset = sealed, manifest: DatasetManifest = d.manifest.value, key = d.dataKey) =>
  openDataset(smeInvoice, manifest, key, async (i) => d.ciphertexts[i] as Uint8Array);

describe("prepareDataset", () => {
  it("seals what openDataset opens: the same records, terms and aggregates, checked against the manifest", async () => {
    const { records, terms } = await open();
    expect(records).toHaveLength(1100);
    expect(new Set(records.map((r) => JSON.stringify(r)))).toEqual(new Set(input.records.map((r) => JSON.stringify(r))));
    expect(terms).toEqual(input.terms);
  });

  it("shows sizes by chunks only: every chunk has one length, the last one too", () => {
    const [, ...chunks] = sealed.manifest.value.segments;
    expect(chunks).toHaveLength(4); // two of sales, two of purchases
    expect(new Set(chunks.map((c) => c.ciphertextLength)).size).toBe(1);
  });

  it("gives two datasets of the same records nothing in common: no leaf, root, commitment, ciphertext or authority", async () => {
    const twin = await prepareDataset(enterprise, input, ports);
    const marks = (d: PreparedDataset): (string | bigint)[] => {
      const m = d.manifest.value;
      return [m.leaf, m.datasetRoot, m.aggregateCommitment, m.registryAuthority, toHex(m.datasetId), ...m.segments.flatMap((s) => [s.ciphertext, s.commitment ?? ""])];
    };
    const first = new Set(marks(sealed));
    expect(marks(twin).filter((m) => m !== "" && first.has(m))).toEqual([]);
  });

  it("keeps no plaintext in what the coordinator gets", async () => {
    const coordinator = new MemoryCoordinator();
    const canary = { ...invoices(1)[0], amount: 0x0c0ffee11, tag: 0xfeedfacecafe } as ReturnType<typeof invoices>[number];
    const d = await prepareDataset(enterprise, { ...input, records: [canary] }, ports);
    await publishDataset(enterprise, d, { api: coordinator.as(enterprise.signing.publicKey) });
    const dump = coordinator.dump();
    for (const secret of ["feedfacecafe", "c0ffee11", toHex(d.dataKey)]) expect(dump).not.toContain(secret);
  });

  it("numbers counterparties instead of keeping the importer's hashes", async () => {
    const hashed = invoices(40).map((r) => ({ ...r, tag: 2 ** 47 + r.tag * 7 }));
    const d = await prepareDataset(enterprise, { ...input, records: hashed }, ports);
    const { records } = await open(d);
    for (const direction of [0, 1]) {
      const count = new Set(hashed.filter((r) => r.direction === direction).map((r) => r.tag)).size;
      expect(new Set(records.filter((r) => r.direction === direction).map((r) => r.tag))).toEqual(new Set(Array.from({ length: count }, (_, i) => i + 1)));
    }
  });

  it("leaves out what cannot count, says how much, and refuses when nothing is left", async () => {
    const records = [-1, 0, 1, 5].map((late) => ({ ...(invoices(1)[0] as CanonicalRecord), amount: 3, balance: 4, status: 0, day: AS_OF_DAY + late }));
    const loan = { program: retailAccount, records, terms: { asOfDay: AS_OF_DAY, termsAmount: 9 } };
    const d = await prepareDataset(enterprise, loan, ports);
    expect([d.recordCount, d.leftOut, sealed.recordCount, sealed.leftOut]).toEqual([1, 3, 1100, 0]);
    expect((await openDataset(retailAccount, d.manifest.value, d.dataKey, async (i) => d.ciphertexts[i] as Uint8Array)).records.map((r) => r.day)).toEqual([AS_OF_DAY - 1]);
    await expect(prepareDataset(enterprise, { ...loan, records: records.slice(1) }, ports)).rejects.toMatchObject({ code: "input_invalid", facts: { field: "records", leftOut: 3 } });
  });

  it("refuses an empty dataset, terms that are not the program's, and values that do not fit", async () => {
    await expect(prepareDataset(enterprise, { ...input, records: [] }, ports)).rejects.toMatchObject({ code: "input_invalid" });
    await expect(prepareDataset(enterprise, { ...input, terms: { asOfDay: AS_OF_DAY, termsAmount: 5 } }, ports)).rejects.toMatchObject({ code: "terms_invalid" });
    const wide = { ...invoices(1)[0], amount: 2 ** 36 } as ReturnType<typeof invoices>[number];
    await expect(prepareDataset(enterprise, { ...input, records: [wide] }, ports)).rejects.toMatchObject({ code: "value_out_of_range" });
  });

  it("serves every program: retail accounts with balances and an instalment", async () => {
    const records = invoices(300).map((r) => ({ ...r, amount: Math.abs(r.amount), balance: 5000, status: 0 }));
    const d = await prepareDataset(enterprise, { program: retailAccount, records, terms: { asOfDay: AS_OF_DAY + 1, termsAmount: 330_000 } }, ports);
    const opened = await openDataset(retailAccount, d.manifest.value, d.dataKey, async (i) => d.ciphertexts[i] as Uint8Array);
    expect(opened.terms.termsAmount).toBe(330_000);
    await expect(openDataset(smeInvoice, d.manifest.value, d.dataKey, async (i) => d.ciphertexts[i] as Uint8Array)).rejects.toMatchObject({ code: "manifest_mismatch" });
  });
});

describe("a later version of a dataset", () => {
  it("keeps the dataset's id and shares neither key, nor account, nor ciphertext with the first", async () => {
    const { datasetId, registryAuthority } = sealed.manifest.value;
    const next = await prepareDataset(enterprise, { ...input, version: { datasetId, number: 2 } }, ports);
    expect(next.manifest.value).toMatchObject({ datasetId, datasetVersion: 2 });
    expect(next.dataKey).not.toEqual(sealed.dataKey);
    expect(next.manifest.value.registryAuthority).not.toBe(registryAuthority);
    expect((await open(next)).records).toHaveLength(1100);
    await expect(open({ ...next, ciphertexts: sealed.ciphertexts })).rejects.toMatchObject({ code: "open_failed" });
  });
});

describe("a sealed segment", () => {
  const segment = (i: number) => ({ kind: "segment", owner: enterprise.signing.publicKey, subject: sealed.manifest.value.datasetId, version: 1, index: i }) as const;
  const refused = { code: "open_failed", message: "cannot open" };

  it("opens nowhere but at its own owner, dataset, version, index and kind", async () => {
    const bytes = sealed.ciphertexts[1] as Uint8Array;
    await expect(openSegment(sealed.dataKey, segment(1), bytes)).resolves.toBeInstanceOf(Uint8Array);
    const places = [
      segment(2), segment(0), { ...segment(1), version: 2 }, { ...segment(1), kind: "model" as const },
      { ...segment(1), subject: random(32) }, { ...segment(1), owner: enterpriseFromSeed(random(32)).signing.publicKey },
    ];
    for (const place of places) await expect(openSegment(sealed.dataKey, place, bytes)).rejects.toMatchObject(refused);
    await expect(openSegment(random(32), segment(1), bytes)).rejects.toMatchObject(refused);
  });

  it("is refused with a flipped bit anywhere: start, middle, tag", async () => {
    const bytes = sealed.ciphertexts[1] as Uint8Array;
    const tag = bytes.length - 16;
    await fc.assert(fc.asyncProperty(fc.constantFrom([0, 44], [44, tag], [tag, bytes.length]), fc.nat(), fc.nat(7), async ([from, to], at, bit) => {
      const bad = Uint8Array.from(bytes);
      const position = (from as number) + (at % ((to as number) - (from as number)));
      bad[position] = (bad[position] as number) ^ (1 << bit);
      await expect(openSegment(sealed.dataKey, segment(1), bad)).rejects.toMatchObject(refused);
    }), { numRuns: 60 });
  });

  it("is refused at every other length", async () => {
    const bytes = sealed.ciphertexts[0] as Uint8Array;
    for (let n = 0; n < bytes.length; n++) await expect(openSegment(sealed.dataKey, segment(0), bytes.slice(0, n))).rejects.toMatchObject(refused);
    await expect(openSegment(sealed.dataKey, segment(0), Uint8Array.of(...bytes, 0))).rejects.toMatchObject(refused);
  });
});

describe("openDataset", () => {
  it("names what a manifest commits to otherwise", async () => {
    const other = await prepareDataset(enterprise, { ...input, records: invoices(1100, "other firm") }, ports);
    const m = sealed.manifest.value;
    const o = other.manifest.value;
    const cases: [Partial<DatasetManifest>, string][] = [
      [{ datasetRoot: o.datasetRoot }, "datasetRoot"], [{ aggregateCommitment: o.aggregateCommitment }, "aggregateCommitment"], [{ leaf: o.leaf }, "leaf"],
      [{ sourceClass: 1 }, "leaf"], [{ segments: m.segments.map((s, i) => (i === 2 ? { ...s, commitment: o.segments[2]?.commitment } : s)) }, "chunk"],
    ];
    for (const [change, name] of cases) {
      await expect(open(sealed, { ...m, ...change })).rejects.toMatchObject({ code: "commitment_mismatch", facts: { field: name } });
    }
  });

  it("refuses records that are committed, but not in canonical form: an owner cannot choose order, numbers or cutting", async () => {
    const gap = (records: readonly CanonicalRecord[]): CanonicalRecord[] => records.map((r) => (r.direction === 1 && r.tag > 2 ? { ...r, tag: r.tag + 1 } : r));
    const halves = ({ length }: readonly CanonicalRecord[]): number[] => [Math.floor(length / 4), length - Math.floor(length / 4)];
    const { canonical, cut } = smeInvoice;
    const lax: [string, Program][] = [
      ["order", { ...smeInvoice, canonical: (r, t) => canonical(r, t).sort((a, b) => a.direction - b.direction || b.tag - a.tag) }],
      ["numbers", { ...smeInvoice, canonical: (r, t) => gap(canonical(r, t)) }],
      ["hashes", { ...smeInvoice, canonical: (r) => r.map((x) => ({ ...x, direction: 0, tag: x.tag + 2 ** 40 })).sort((a, b) => a.tag - b.tag || a.day - b.day) }],
      ["cutting", { ...smeInvoice, canonical: (r, t) => canonical(r, t).filter((x) => x.direction === 0), cut: halves }],
    ];
    const records = invoices(200);
    expect(cut(canonical(records, input.terms))).toHaveLength(2);
    for (const [what, program] of lax) {
      const d = await prepareDataset(enterprise, { ...input, program: program as typeof smeInvoice, records }, ports);
      await expect(open(d), what).rejects.toMatchObject({ code: "input_invalid" });
    }
  });

  it("refuses chunks that changed places, and another dataset's key", async () => {
    const [a, b, c, d] = sealed.ciphertexts;
    const swapped = { ...sealed, ciphertexts: [a, c, b, d] as Uint8Array[] };
    await expect(open(swapped)).rejects.toMatchObject({ code: "open_failed" });
    await expect(open(sealed, sealed.manifest.value, random(32))).rejects.toMatchObject({ code: "open_failed" });
  });
});

describe("publishDataset", () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "veritee-dataset-"))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("uploads, registers with the dataset's own authority, and tells its progress", async () => {
    const coordinator = new MemoryCoordinator();
    const api = coordinator.as(enterprise.signing.publicKey);
    const steps: DatasetStep[] = [];
    const view = await publishDataset(enterprise, sealed, { api, onStep: (s) => steps.push(s) });
    expect(view.state).toBe("anchored");
    expect((await untilAnchored(api, sealed.manifest.value, 1)).state).toBe("anchored");
    expect(coordinator.uploads).toBe(5);
    expect(steps.filter((s) => s.step === "upload").at(-1)).toEqual({ step: "upload", done: 5, of: 5 });
    expect((await withdrawDataset(enterprise, sealed.manifest.value, api)).state).toBe("revoked");
    await expect(untilAnchored(api, sealed.manifest.value, 1)).rejects.toMatchObject({ code: "chain_refused" });
  });

  it("goes on after an interruption, in another process, without uploading twice", async () => {
    const coordinator = new MemoryCoordinator();
    const api = coordinator.as(enterprise.signing.publicKey);
    await writeSealedDataset(folder, sealed);
    const first = await folderJournal(folder);
    let calls = 0;
    const cut = { ...api, putBlob: async (b: Uint8Array) => (++calls > 2 ? Promise.reject(new Error("cut")) : api.putBlob(b)) };
    await expect(publishDataset(enterprise, sealed, { api: cut, journal: first })).rejects.toThrow("cut");
    const again = await readSealedDataset(folder);
    await publishDataset(enterprise, again, { api, journal: await folderJournal(folder) });
    expect(coordinator.uploads).toBe(5);
    expect(coordinator.objects.has(sealed.manifest.id)).toBe(true);
    expect(datasetManifest.open(again.manifest.envelope).id).toBe(sealed.manifest.id);
  });
});

describe("identities", () => {
  it("are the same for the same seed and unlinked otherwise", () => {
    const seed = random(32);
    const id = random(32);
    expect(enterpriseFromSeed(seed).registryAuthority(id, 1).address).toBe(enterpriseFromSeed(seed).registryAuthority(id, 1).address);
    const e = enterpriseFromSeed(seed);
    const accounts = [e.registryAuthority(id, 1), e.registryAuthority(id, 2), e.registryAuthority(random(32), 1)].map((a) => a.address);
    expect(new Set(accounts).size).toBe(3);
    expect(() => enterpriseFromSeed(new Uint8Array(31))).toThrow();
  });
});
