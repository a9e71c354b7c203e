import { expect, it } from "vitest";
import { badProofsUnder } from "../../src/cli/roles/bad-proofs.js";
import { builtInParameters } from "../../src/proofs/parameters.js";
import type { Field } from "../../src/protocol/field.js";
import type { ReceiptStatement } from "../../src/protocol/objects/receipt.js";

// That good proofs pass is shown by every end-to-end test: their receipts go through this check.
const findBadProofs = badProofsUnder(builtInParameters);
const noise = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const statement = (byte: number, field = 1n): ReceiptStatement => ({
  registryRoot: field as Field, resultCommitment: 1n as Field, jobBinding: 1n as Field, asOfDay: 19_000, sourceClass: 0,
  proof: { a: [noise(byte), noise(byte)], b: [noise(byte), noise(byte), noise(byte), noise(byte)], c: [noise(byte), noise(byte)] },
}) as unknown as ReceiptStatement;

it("names statements whose proof is no proof: off the curve, not reduced, all zero, or with a signal out of range", async () => {
  expect(await findBadProofs("sme-invoice/1", [statement(1), statement(0xff), statement(0), statement(2, 1n << 255n)])).toEqual([0, 1, 2, 3]);
  expect(await findBadProofs("sme-invoice/1", [])).toEqual([]);
});
