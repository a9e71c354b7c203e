import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { curves, zKey } from "snarkjs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { toHex } from "../../../src/protocol/bytes.js";
import { DEVELOPMENT_MARK } from "../../../src/proofs/development.js";
import { sha256Hex } from "../../../src/prover/artefact-files.js";
import { canonicalJson } from "../../../src/prover/ceremony/canonical-json.js";
import { applyBeacon, contribute, type RoundResult } from "../../../src/prover/ceremony/contribute.js";
import { transcriptOf, transcriptSha256 } from "../../../src/prover/ceremony/finish.js";
import { zkeyFile } from "../../../src/prover/ceremony/folder.js";
import { startCeremony } from "../../../src/prover/ceremony/start.js";
import { verifyCeremony, type CeremonyReport, type VerifyCeremonyOptions } from "../../../src/prover/ceremony/verify.js";
import { developmentZkey, openGenerators } from "../../../src/prover/development-setup.js";
import { chainOf, inspectZkey } from "../../../src/prover/zkey.js";
import { BEACON, makePtau, squarings, type TestPtau } from "./fixture.js";

const ONE = squarings("one", 4);
const TWO = squarings("two", 9);
/** As many wires and constraints as the first: only the constraints themselves differ. */
const OTHER = squarings("one", 4, 2n);
const CIRCUITS = [ONE, TWO];

let ptau: TestPtau;
/** A ceremony of two participants and a beacon. */
let good: string;
let rounds: RoundResult[];

const expectation = () => ({ path: ptau.path, blake2b512: ptau.blake2b512, otherCeremony: true });
const begin = (folder: string, circuits = CIRCUITS) => startCeremony({ folder, ptau: expectation(), circuits });
const verify = (folder: string, change: Partial<VerifyCeremonyOptions> = {}): Promise<CeremonyReport> =>
  verifyCeremony({ folder, ptau: ptau.path, circuits: CIRCUITS.map((c) => c.record), final: true, ...change });
const refusals = (report: CeremonyReport): string[] => report.checks.filter((c) => !c.ok).map((c) => `${c.name} ${c.circuit}`.trim());
const freshFolder = () => mkdtemp(join(ptau.folder, "run-"));

/** A copy of the good ceremony in which the last key of circuit "one" is another. */
async function withKey(change: (bytes: Buffer) => Uint8Array | Promise<Uint8Array>): Promise<string> {
  const folder = await freshFolder();
  await cp(good, folder, { recursive: true });
  const file = zkeyFile(folder, "one", 3);
  await writeFile(file, await change(await readFile(file)));
  return folder;
}

beforeAll(async () => {
  ptau = await makePtau();
  good = await freshFolder();
  await begin(good);
  rounds = [
    await contribute({ folder: good, name: "Alice", text: "dice: 3 1 4 1 5" }),
    await contribute({ folder: good, name: "Bob 银行" }),
    await applyBeacon({ folder: good, name: "beacon", beacon: BEACON }),
  ];
});

afterAll(async () => {
  await rm(ptau.folder, { recursive: true, force: true });
  await (await curves.getCurveFromName("bn128")).terminate();
});

test("a ceremony of two participants and a beacon verifies from circuit and powers of tau, as final parameters", async () => {
  const report = await verify(good);
  expect(report.checks.filter((c) => !c.ok)).toEqual([]);
  expect(report).toMatchObject({ ok: true, final: true });
  expect(report.keys.map((k) => [k.record.circuit, k.round])).toEqual([["one", 3], ["two", 3]]);
  expect(report.checks.find((c) => c.name === "contributions")?.detail).toBe("2: Alice, Bob 银行");
});

test("a participant's hashes are those that snarkjs gives, and stand in the final key's chain", async () => {
  const from = zkeyFile(good, "one", 0);
  const to = join(await freshFolder(), "direct.zkey");
  const theirs = await zKey.contribute(from, to, "Carol", "entropy");
  expect(chainOf(await readFile(to)).contributions).toEqual([{ kind: "contribution", name: "Carol", hash: toHex(theirs), beacon: undefined }]);

  const chain = chainOf(await readFile(zkeyFile(good, "two", 3)));
  expect(chain.contributions.map((c) => [c.kind, c.name])).toEqual([["contribution", "Alice"], ["contribution", "Bob 银行"], ["beacon", "beacon"]]);
  expect(chain.contributions.map((c) => c.hash)).toEqual(rounds.map((r) => r.hashes[1]?.hash));
  expect(chain.contributions[2]?.beacon).toEqual(BEACON);
});

test("two contributions with the same name and text are different secrets", async () => {
  const hashes = [];
  for (let i = 0; i < 2; i++) {
    const folder = await freshFolder();
    await begin(folder, [ONE]);
    hashes.push((await contribute({ folder, name: "Alice", text: "same" })).hashes[0]?.hash);
  }
  expect(new Set(hashes).size).toBe(2);
});

test("the transcript names every hash, in one spelling, and two verifiers write the same", async () => {
  const [transcript, again] = [transcriptOf(await verify(good)), transcriptOf(await verify(good))];
  expect(canonicalJson(again)).toBe(canonicalJson(transcript));
  expect(transcriptSha256(transcript)).toBe(sha256Hex(Buffer.from(canonicalJson(transcript))));
  const final = await readFile(zkeyFile(good, "one", 3));
  expect(transcript).toMatchObject({
    format: "veritee-transcript/1",
    ptau: { blake2b512: ptau.blake2b512, published: false },
    circuits: [{
      circuit: "one", r1csSha256: ONE.record.r1csSha256, zkeySha256: sha256Hex(final), circuitHash: chainOf(final).circuitHash,
      contributions: [{ name: "Alice", hash: rounds[0]?.hashes[0]?.hash }, { name: "Bob 银行" }, { kind: "beacon", ...BEACON }],
    }, { circuit: "two" }],
  });
});

describe("interrupted,", () => {
  test("the start goes on with the keys that are missing and keeps the others", async () => {
    const folder = await freshFolder();
    await begin(folder);
    const kept = await readFile(zkeyFile(folder, "one", 0));
    await rm(zkeyFile(folder, "two", 0));
    await begin(folder);
    expect(await readFile(zkeyFile(folder, "one", 0))).toEqual(kept);
    expect(await verify(folder, { final: false })).toMatchObject({ ok: false }); // nobody contributed
    await expect(contribute({ folder, name: "Alice" })).resolves.toMatchObject({ round: 1 });
  });

  test("a contribution goes on under its name, and under no other", async () => {
    const folder = await freshFolder();
    await begin(folder);
    const first = await contribute({ folder, name: "Alice" });
    await rm(zkeyFile(folder, "two", 1));
    await expect(contribute({ folder, name: "Mallory" })).rejects.toMatchObject({ code: "conflict", facts: { begunBy: "Alice" } });
    await rm(zkeyFile(folder, "two", 1), { force: true });
    const second = await contribute({ folder, name: "Alice" });
    expect(second.hashes[0]).toEqual(first.hashes[0]);
    expect((await verify(folder, { final: false })).ok).toBe(true);
  });
});

describe("not begun or gone on with:", () => {
  test("another ceremony in the same folder", async () => {
    await expect(begin(good, [ONE])).rejects.toMatchObject({ code: "conflict" });
  });

  test("a circuit that is not the pinned one", async () => {
    await expect(begin(await freshFolder(), [{ ...ONE, r1cs: OTHER.r1cs }])).rejects.toMatchObject({ code: "artefact_mismatch" });
  });

  test("a beacon alone, whose secret is public", async () => {
    const folder = await freshFolder();
    await begin(folder, [ONE]);
    await expect(applyBeacon({ folder, name: "beacon", beacon: BEACON })).rejects.toMatchObject({ code: "parameters_insecure" });
  });

  test("a contribution or a second beacon after the beacon", async () => {
    await expect(contribute({ folder: good, name: "Late" })).rejects.toMatchObject({ code: "conflict" });
    await expect(applyBeacon({ folder: good, name: "again", beacon: BEACON })).rejects.toMatchObject({ code: "conflict" });
  });

  test.each(["", " Alice", "a\nb", "x".repeat(65), `not ${DEVELOPMENT_MARK}`])("a contribution named %j", async (name) => {
    await expect(contribute({ folder: good, name })).rejects.toMatchObject({ code: "input_invalid", facts: { field: "name" } });
  });

  test.each([["", 10], ["5eed", 10], ["zz".repeat(32), 10], [BEACON.value, 9], [BEACON.value, 31], [BEACON.value, 10.5]])("a beacon %j with 2^%d iterations", async (value, iterationsLog2) => {
    await expect(applyBeacon({ folder: good, name: "beacon", beacon: { value, iterationsLog2 } })).rejects.toMatchObject({ code: "input_invalid" });
  });
});

/** Start of a section's content. */
function section(bytes: Buffer, wanted: number): number {
  for (let at = 12; at < bytes.length; at += 12 + Number(bytes.readBigUInt64LE(at + 4))) if (bytes.readUInt32LE(at) === wanted) return at + 12;
  throw new Error(`no section ${wanted}`);
}
const overwritten = (bytes: Buffer, at: number, by: Uint8Array): Uint8Array => {
  const copy = Buffer.from(bytes);
  copy.set(by, at);
  return copy;
};

describe("verification as final parameters refuses", () => {
  test("other powers of tau than the ceremony's", async () => {
    const other = await makePtau();
    onTestFinished(() => rm(other.folder, { recursive: true, force: true }));
    expect(refusals(await verify(good, { ptau: other.path }))).toEqual(["powers-of-tau"]);
    expect(refusals(await verify(good, { ptau: other.path, ptauHash: other.blake2b512 }))).toEqual(["powers-of-tau"]);
    expect((await verify(good, { ptauHash: "0".repeat(128) })).ok).toBe(false);
  });

  test("powers of tau that the folder calls published and are not", async () => {
    const folder = await freshFolder();
    await cp(good, folder, { recursive: true });
    const file = join(folder, "ceremony.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"published":false', '"published":true'));
    expect(refusals(await verify(folder))).toEqual(["powers-of-tau"]);
  });

  test("another circuit, in the folder or behind the key", async () => {
    expect(refusals(await verify(good, { circuits: [OTHER.record, TWO.record] }))).toEqual(["circuit one"]);
    expect(refusals(await verify(good, { circuits: [TWO.record] }))).toEqual(["circuit one"]);
    const others = await freshFolder();
    await begin(others, [OTHER]);
    await contribute({ folder: others, name: "Alice" });
    await applyBeacon({ folder: others, name: "beacon", beacon: BEACON });
    expect(refusals(await verify(await withKey(() => readFile(zkeyFile(others, "one", 2)))))).toEqual(["chain one"]);
  });

  test("a circuit whose constraints did not travel with the folder", async () => {
    const folder = await withKey((bytes) => bytes);
    await rm(join(folder, "one", "circuit.r1cs"));
    expect(refusals(await verify(folder))).toEqual(["circuit one"]);
  });

  test("a key to which nobody contributed: delta is gamma", async () => {
    expect(refusals(await verify(await withKey(() => readFile(zkeyFile(good, "one", 0)))))).toEqual(["contributions one"]);
  });

  test("a key that lists contributions but has delta equal to gamma all the same", async () => {
    const initial = await readFile(zkeyFile(good, "one", 0));
    const header = (bytes: Buffer) => section(bytes, 2) + 4 + 32 + 4 + 32 + 12;
    const forged = await withKey((bytes) => overwritten(bytes, header(bytes), initial.subarray(header(initial), header(initial) + 64 + 64 + 128 + 128 + 64 + 128)));
    const report = await verify(forged);
    expect(refusals(report)).toEqual(["key one"]);
    expect(report.checks.find((c) => !c.ok)?.detail).toMatch(/delta equal to gamma/);
  });

  test("a point at infinity in the verification key", async () => {
    expect(refusals(await verify(await withKey((bytes) => overwritten(bytes, section(bytes, 3) + 64, new Uint8Array(64)))))).toEqual(["key one"]);
  });

  test("a chain without a beacon, which passes as a ceremony under way", async () => {
    const folder = await withKey(() => readFile(zkeyFile(good, "one", 2)));
    expect(refusals(await verify(folder))).toEqual(["beacon one"]);
    expect((await verify(folder, { final: false })).ok).toBe(true);
  });

  test("a chain with a contribution after its beacon", async () => {
    const to = join(await freshFolder(), "late.zkey");
    await zKey.contribute(zkeyFile(good, "one", 3), to, "Late", "entropy");
    expect(refusals(await verify(await withKey(() => readFile(to))))).toEqual(["beacon one"]);
  });

  test("a chain of a beacon alone", async () => {
    const to = join(await freshFolder(), "beacon.zkey");
    await zKey.beacon(zkeyFile(good, "one", 0), to, "beacon", BEACON.value, 10);
    expect(refusals(await verify(await withKey(() => readFile(to))))).toEqual(["contributions one"]);
  });

  test("the development mark, whatever follows it", async () => {
    const generators = openGenerators(await curves.getCurveFromName("bn128", { singleThread: true }));
    const zkey = await developmentZkey("one", ONE.r1cs, generators, () => undefined);
    expect(inspectZkey(zkey).development).toBe(true);
    const [from, to] = [join(await freshFolder(), "dev.zkey"), join(await freshFolder(), "dev-1.zkey")];
    await writeFile(from, zkey);
    await zKey.contribute(from, to, "Alice", "entropy");
    for (const file of [from, to]) {
      const report = await verify(await withKey(() => readFile(file)), { final: false });
      expect(refusals(report)).toEqual(["contributions one"]);
      expect(report.checks.find((c) => !c.ok)?.detail).toMatch(/development/);
    }
  });

  test("a development key whose mark was painted over", async () => {
    const generators = openGenerators(await curves.getCurveFromName("bn128", { singleThread: true }));
    const zkey = Buffer.from(await developmentZkey("one", ONE.r1cs, generators, () => undefined));
    zkey.write("x", zkey.indexOf(DEVELOPMENT_MARK), "latin1");
    expect(refusals(await verify(await withKey(() => zkey), { final: false }))).toEqual(["chain one"]);
  });

  /** Places within section 10: circuit hash 64, count 4, then delta after 64, public key 64 + 64 + 128, transcript 64, ... */
  test.each([["the circuit's hash", 0], ["delta after the first contribution", 68], ["its public key", 68 + 64], ["its transcript", 68 + 64 + 256]])(
    "a tampered chain: %s", async (_, at) => {
      const report = await verify(await withKey((bytes) => overwritten(bytes, section(bytes, 10) + at + 3, Buffer.of((bytes[section(bytes, 10) + at + 3] as number) ^ 1))));
      expect(refusals(report)).toEqual(["chain one"]);
    });

  test.each([["private wires (L)", 8], ["the quotient (H)", 9], ["A", 5], ["the constraints' coefficients", 4]])("a key with a value exchanged in the section of %s", async (_, id) => {
    const report = await verify(await withKey((bytes) => overwritten(bytes, section(bytes, id) + 64, bytes.subarray(section(bytes, id), section(bytes, id) + 64))));
    expect(refusals(report)).toEqual(["chain one"]);
  });

  test("a beacon whose value is not the one that was applied, or whose iterations would never end", async () => {
    const at = (bytes: Buffer) => bytes.lastIndexOf(Buffer.from(BEACON.value, "hex"));
    expect(refusals(await verify(await withKey((b) => overwritten(b, at(b), Buffer.of(0)))))).toEqual(["chain one"]);
    expect(refusals(await verify(await withKey((b) => overwritten(b, at(b) - 3, Buffer.of(63)))))).toEqual(["beacon one"]);
  });

  test("a key that is cut off or no key at all", async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("zkey")]) expect(refusals(await verify(await withKey(() => bytes)))).toEqual(["contributions one"]);
    expect(refusals(await verify(await withKey((b) => b.subarray(0, b.length - 20))))).toEqual(["contributions one"]);
  });

  test("to write a transcript of what it refused, or of a ceremony under way", async () => {
    const refused = await verify(await withKey(() => readFile(zkeyFile(good, "one", 2))));
    expect(() => transcriptOf(refused)).toThrow(expect.objectContaining({ code: "parameters_insecure" }));
    const underWay = await verify(good, { final: false });
    expect(() => transcriptOf(underWay)).toThrow(expect.objectContaining({ code: "parameters_insecure" }));
  });
});
