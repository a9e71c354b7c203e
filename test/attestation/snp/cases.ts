import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AMD_CHAINS } from "../../../src/attestation/roots/amd.js";
import type { AppraiserInput, TrustAnchors } from "../../../src/attestation/verdict.js";
import { toBase64, utf8, type Bytes } from "../../../src/protocol/bytes.js";

export const VECTORS = resolve(import.meta.dirname, "../../vectors/evidence");
export const AMD: TrustAnchors = { vendor: { snp: AMD_CHAINS } };

export interface CaseFile { readonly expect: string; readonly verifyAt: string; readonly reason: string; readonly product?: string }

export const snpCases = (): string[] => readdirSync(join(VECTORS, "snp")).sort();

export const readBytes = (...path: string[]): Bytes => Uint8Array.from(readFileSync(join(VECTORS, ...path)));
export const readCase = (...path: string[]): CaseFile => JSON.parse(readFileSync(join(VECTORS, ...path, "case.json"), "utf8")) as CaseFile;
export const unixSeconds = (iso: string): number => Date.parse(iso) / 1000;

export const snpCollateral = (fields: Readonly<Record<string, Bytes>>): Bytes =>
  utf8(JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, der]) => [name, toBase64(der)]))));

/** One case of the SNP folder as the appraiser is given it, at its time, under AMD's roots. */
export function snpInput(name: string): AppraiserInput {
  return {
    evidence: readBytes("snp", name, "report.bin"), collateral: snpCollateral({ vek: readBytes("snp", name, "vek.der") }),
    anchors: AMD, at: unixSeconds(readCase("snp", name).verifyAt), judgeTcb: true,
  };
}
