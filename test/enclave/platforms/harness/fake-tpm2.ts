// tpm2_nvread and tpm2_quote as programs in a folder: what an Azure VM's vTPM answers, without a TPM.
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bytes } from "../../../../src/protocol/bytes.js";

export interface FakeTpm2 { readonly folder: string; close(): Promise<void> }
export interface FakeTpm2Options {
  readonly hcl: Bytes;
  readonly pcrBytes?: number;
  readonly signatureBytes?: number;
  /** Written for the qualifying data in its place. */
  readonly qualifying?: string;
  readonly exit?: number;
}

/** An HCL report of this type around a hardware report that is all `0xd0`. */
export function hclReport(type: number, magic = "HCLA"): Bytes {
  const report = Buffer.alloc(2600);
  report.write(magic, 0, "latin1");
  report.fill(0xd0, 32, 32 + 1024);
  [1130, 1, type, 1, 1110].forEach((value, i) => report.writeUInt32LE(value, 1216 + 4 * i));
  return Uint8Array.from(report);
}

export async function fakeTpm2({ hcl, pcrBytes = 24 * 32, signatureBytes = 256, qualifying, exit = 0 }: FakeTpm2Options): Promise<FakeTpm2> {
  const folder = await mkdtemp(join(tmpdir(), "vt-tpm-"));
  const program = async (name: string, body: string): Promise<void> => {
    await writeFile(join(folder, name), `#!${process.execPath}
const { writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
const value = (flag) => args[args.indexOf(flag) + 1];
const need = (flag, wanted) => { if (value(flag) !== wanted) { console.error(flag, value(flag)); process.exit(7); } };
if (${exit}) process.exit(${exit});
${body}`);
    await chmod(join(folder, name), 0o755);
  };
  await program("tpm2_nvread", `need("-C", "o"); if (!args.includes("0x01400001")) process.exit(7);
writeFileSync(value("-o"), Buffer.from("${Buffer.from(hcl).toString("base64")}", "base64"));`);
  await program("tpm2_quote", `need("-c", "0x81000003"); need("-g", "sha256"); need("-f", "plain"); need("-F", "values");
need("-l", "sha256:" + Array.from({ length: 24 }, (_, i) => i).join(","));
const q = Buffer.from(${qualifying === undefined ? `value("-q")` : JSON.stringify(qualifying)}, "hex");
writeFileSync(value("-m"), Buffer.concat([Buffer.from("ff54434780180022", "hex"), Buffer.alloc(34, 1), Buffer.from([0, q.length]), q, Buffer.alloc(60)]));
writeFileSync(value("-s"), Buffer.alloc(${signatureBytes}, 2));
writeFileSync(value("-o"), Buffer.from(Array.from({ length: ${pcrBytes} }, (_, i) => i >> 5)));`);
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}
