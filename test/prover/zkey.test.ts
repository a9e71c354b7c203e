import { beforeAll, describe, expect, test } from "vitest";
import { verificationKeyOf } from "../../src/proofs/artefacts.js";
import { DEVELOPMENT_MARK } from "../../src/proofs/development.js";
import { inspectZkey } from "../../src/prover/zkey.js";
import { circuit } from "../circuits/harness/circuits.js";

let zkey: Uint8Array;
beforeAll(async () => {
  ({ zkey } = await circuit("score-retail-account"));
});

/** Start and length of a section's content. */
function section(bytes: Uint8Array, id: number): { start: number; length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at < bytes.length; at += 12 + Number(view.getBigUint64(at + 4, true))) {
    if (view.getUint32(at, true) === id) return { start: at + 12, length: Number(view.getBigUint64(at + 4, true)) };
  }
  throw new Error(`no section ${id}`);
}

const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
  const copy = Uint8Array.from(zkey);
  change(copy);
  return copy;
};

test("the development key holds the pinned verification key and is marked", () => {
  const { key, contributions, development } = inspectZkey(zkey);
  expect(key).toEqual(verificationKeyOf("score-retail-account"));
  expect(contributions).toEqual([DEVELOPMENT_MARK]);
  expect(development).toBe(true);
  expect(DEVELOPMENT_MARK).toContain("INSECURE");
});

describe("keys that anyone could forge for are refused", () => {
  test("no phase-2 contribution", () => {
    const bare = changed((bytes) => bytes.fill(0, section(bytes, 10).start + 64, section(bytes, 10).start + 68));
    expect(() => inspectZkey(bare)).toThrow(expect.objectContaining({ code: "parameters_insecure" }));
  });
  test("delta equal to gamma, whatever the contributions say", () => {
    // header: sizes and moduli (84), alpha1, beta1 (64 each), beta2, gamma2 (128 each), delta1 (64), delta2 (128)
    const header = section(zkey, 2).start + 84 + 128;
    const same = changed((bytes) => bytes.copyWithin(header + 128 + 128 + 64, header + 128, header + 256));
    expect(() => inspectZkey(same)).toThrow(expect.objectContaining({ code: "parameters_insecure" }));
  });
});

test("an unmarked contribution is not taken for a development key", () => {
  const { start, length } = section(zkey, 10);
  const renamed = changed((bytes) => bytes.set([0x21], start + length - 1));
  expect(inspectZkey(renamed)).toMatchObject({ development: false });
});

describe("files of another shape are refused", () => {
  test.each([[0], [11], [40], [5000]])("cut to %i bytes", (length) =>
    expect(() => inspectZkey(zkey.subarray(0, length))).toThrow(expect.objectContaining({ code: "artefact_mismatch" })));
  test("another magic", () =>
    expect(() => inspectZkey(changed((b) => b.set([0x77], 0)))).toThrow(expect.objectContaining({ code: "artefact_mismatch" })));
});
