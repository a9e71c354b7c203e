import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CODE_LIMIT, compile, render } from "../../scripts/contracts.mjs";

const folder = new URL("../../src/chain/generated/", import.meta.url);
const contracts = compile();

it("has in src/chain/generated exactly what the sources compile to", () => {
  const rendered = render(contracts);
  expect(readdirSync(folder).sort()).toEqual(Object.keys(rendered).sort());
  for (const [file, text] of Object.entries(rendered)) {
    expect(readFileSync(new URL(file, folder), "utf8") === text, `${file}: run node scripts/contracts.mjs`).toBe(true);
  }
}, 60_000);

it("keeps every contract under the code limit of EIP-170, and free of opcodes younger than paris", () => {
  for (const [name, { bytecode, runtimeBytes }] of Object.entries(contracts)) {
    expect(runtimeBytes, name).toBeLessThan(CODE_LIMIT);
    expect(opcodes(bytecode), name).not.toContain(0x5f); // PUSH0, shanghai
  }
});

it("uses Keccak for storage slots and selectors only: no hash of data longer than a slot's key", () => {
  const sources = readdirSync(new URL("../../contracts/src/", import.meta.url));
  for (const file of sources) {
    const source = readFileSync(new URL(`../../contracts/src/${file}`, import.meta.url), "utf8");
    expect(source, file).not.toMatch(/keccak256\s*\(/);
    expect(source, file).toContain("SPDX-License-Identifier: Apache-2.0");
  }
});

/** The opcodes of a program, without the data of its PUSHes. */
function opcodes(bytecode: string): Set<number> {
  const code = Buffer.from(bytecode.slice(2), "hex");
  const seen = new Set<number>();
  for (let i = 0; i < code.length; i++) {
    const opcode = code[i] as number;
    seen.add(opcode);
    if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
  }
  return seen;
}
