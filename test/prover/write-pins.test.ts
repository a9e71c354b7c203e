import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toHex } from "../../src/protocol/bytes.js";
import { artefactsOf, PINNED_CIRCUITS, verificationKeyOf } from "../../src/proofs/artefacts.js";
import { verificationKeyToBytes } from "../../src/proofs/vk.js";
import { pinSource } from "../../src/prover/write-pins.js";
import { root } from "../circuits/harness/circuits.js";

test.each(PINNED_CIRCUITS)("the pin of %s is as generated: nobody edited it, and it stands under its own name", async (circuit) => {
  const file = await readFile(join(root, "src/proofs/pins", `${circuit}.ts`), "utf8");
  expect(artefactsOf(circuit).circuit).toBe(circuit);
  expect(pinSource(artefactsOf(circuit), toHex(verificationKeyToBytes(verificationKeyOf(circuit))))).toBe(file);
});
