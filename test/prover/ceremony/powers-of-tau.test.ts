import { copyFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkPtau, powerOf, type PtauExpectation } from "../../../src/prover/ceremony/ptau-check.js";
import { blake2bOfFile, isPublished } from "../../../src/prover/ceremony/ptau-file.js";
import { PUBLISHED_PTAU } from "../../../src/prover/ceremony/published-ptau.js";
import { makePtau, POWER, squarings, type TestPtau } from "./fixture.js";

let ptau: TestPtau;
beforeAll(async () => {
  ptau = await makePtau();
});

afterAll(() => rm(ptau.folder, { recursive: true, force: true }));

const small = squarings("small", 4).record;
const check = (change: Partial<PtauExpectation> = {}, circuits = [small]) =>
  checkPtau({ path: ptau.path, blake2b512: ptau.blake2b512, otherCeremony: true, ...change }, circuits);

/** A changed copy, with the hash that goes with it: only the form can give it away. */
async function changed(name: string, change: (bytes: Buffer) => Buffer): Promise<Partial<PtauExpectation>> {
  const path = join(ptau.folder, name);
  await writeFile(path, change(await readFile(ptau.path)));
  return { path, blake2b512: await blake2bOfFile(path) };
}

test("a file with the given hash whose contributions verify is taken, and its record says that it is not the published one", async () => {
  expect(await check()).toEqual({
    blake2b512: ptau.blake2b512, bytes: (await readFile(ptau.path)).length, power: POWER, ceremonyPower: POWER, contributions: 1, published: false,
  });
});

describe("refused before anything is made from it:", () => {
  test("a file with another hash than given", async () => {
    await expect(check({ blake2b512: "0".repeat(128) })).rejects.toMatchObject({ code: "artefact_mismatch", facts: { found: ptau.blake2b512 } });
  });

  test("a hash that is none", async () => {
    await expect(check({ blake2b512: "12" })).rejects.toMatchObject({ code: "input_invalid", facts: { field: "ptau-hash" } });
  });

  test("a file that is not the published one of its power, unless another ceremony's was asked for", async () => {
    await expect(check({ otherCeremony: false })).rejects.toMatchObject({ code: "artefact_mismatch", message: expect.stringMatching(/--other-ceremony/) });
  });

  test("a file that is too small for a circuit", async () => {
    const large = squarings("large", 2 ** POWER).record;
    await expect(check({}, [small, large])).rejects.toMatchObject({ code: "input_invalid", facts: { circuit: "large", needed: POWER + 1, power: POWER } });
  });

  test("a file that is not prepared for phase 2", async () => {
    await expect(check({ path: ptau.unprepared, blake2b512: await blake2bOfFile(ptau.unprepared) })).rejects.toMatchObject({ code: "input_invalid", message: expect.stringMatching(/not prepared/) });
  });

  test.each([1, 100, 5000])("a file that is cut off %i bytes before its end", async (missing) => {
    const path = join(ptau.folder, `cut-${missing}.ptau`);
    await copyFile(ptau.path, path);
    await truncate(path, (await readFile(path)).length - missing);
    await expect(check({ path, blake2b512: await blake2bOfFile(path) })).rejects.toMatchObject({ code: "input_invalid", message: expect.stringMatching(/cut off/) });
  });

  test("a file with bytes after its end, one of another type, one that is empty, one that is not there", async () => {
    await expect(check(await changed("long.ptau", (b) => Buffer.concat([b, Buffer.of(0)])))).rejects.toMatchObject({ code: "input_invalid" });
    await expect(check(await changed("zkey.ptau", (b) => Buffer.concat([Buffer.from("zkey"), b.subarray(4)])))).rejects.toMatchObject({ code: "input_invalid" });
    await expect(check(await changed("empty.ptau", () => Buffer.alloc(0)))).rejects.toMatchObject({ code: "input_invalid" });
    await expect(check({ path: join(ptau.folder, "absent.ptau") })).rejects.toMatchObject({ code: "not_found" });
  });

  test("a file that pretends to a larger power than its sections hold", async () => {
    const larger = await changed("power.ptau", (b) => {
      const copy = Buffer.from(b);
      copy.writeUInt32LE(POWER + 1, 24 + 36);
      copy.writeUInt32LE(POWER + 1, 24 + 40);
      return copy;
    });
    await expect(check(larger)).rejects.toMatchObject({ code: "input_invalid", message: expect.stringMatching(/wrong length/) });
  });

  test("another ceremony's file with a point exchanged in its powers, or in their Lagrange form", async () => {
    for (const at of [24 + 44 + 12 + 64 * 5, (await readFile(ptau.path)).length - 64]) {
      const forged = await changed(`point-${at}.ptau`, (b) => {
        const copy = Buffer.from(b);
        b.copy(copy, at, 24 + 44 + 12, 24 + 44 + 12 + 64); // the generator, a valid point
        return copy;
      });
      await expect(check(forged)).rejects.toMatchObject({ code: "parameters_insecure", message: expect.stringMatching(/do not verify/) });
    }
  });
});

test("the table of published hashes has one of every power from 8 to 28, as the README of snarkjs has it", async () => {
  const readme = await readFile(new URL("../../../node_modules/snarkjs/README.md", import.meta.url), "utf8");
  expect([...PUBLISHED_PTAU.keys()]).toEqual(Array.from({ length: 21 }, (_, i) => i + 8));
  for (const [power, hash] of PUBLISHED_PTAU) {
    expect(readme.split("\n").some((line) => new RegExp(`^\\|\\s*${power}\\s*\\|`).test(line) && line.includes(hash)), `power ${power}`).toBe(true);
    expect(isPublished(power, hash)).toBe(true);
    expect(isPublished(power + 1, hash)).toBe(false);
  }
});

test("a circuit needs a row for every constraint, every public signal and the constant", () => {
  expect([[6, 1], [7, 1], [15533, 5], [12100, 5]].map(([constraints = 0, publicInputs = 0]) => powerOf({ constraints, publicInputs }))).toEqual([3, 4, 14, 14]);
});
