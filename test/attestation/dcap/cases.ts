import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../../src/protocol/bytes.js";
import { isErrorCode, VeriteeError } from "../../../src/protocol/errors.js";
import { INTEL_SGX_ROOT_CA } from "../../../src/attestation/roots/intel.js";
import type { AppraiserInput } from "../../../src/attestation/verdict.js";

const EVIDENCE = join(import.meta.dirname, "../../vectors/evidence");

/** Evidence as captured (or minted), with the input that judges it at its stated time. */
export interface Case {
  readonly name: string;
  readonly expect: string;
  readonly input: AppraiserInput;
}

export const readVector = (...parts: string[]): Bytes => new Uint8Array(readFileSync(join(EVIDENCE, ...parts)));

export const caseNames = (platform: string): readonly string[] =>
  readdirSync(join(EVIDENCE, platform), { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => `${platform}/${e.name}`);

/** @param name platform/case */
export function readCase(name: string): Case {
  const about = JSON.parse(new TextDecoder().decode(readVector(name, "case.json"))) as { expect: string; verifyAt: string; platform: string };
  const anchors = about.platform === "sim-tdx" ? { sim: { dcap: [readVector(name, "root.der")] } } : { vendor: { dcap: [INTEL_SGX_ROOT_CA] } };
  const input = { evidence: readVector(name, "quote.bin"), collateral: readVector(name, "collateral.json"), anchors, at: Date.parse(about.verifyAt) / 1000, judgeTcb: true };
  return { name, expect: about.expect, input };
}

export type CollateralJson = Record<string, string | undefined>;

/** The case's collateral with parts replaced; undefined leaves a part out. */
export function withCollateral({ input }: Case, parts: CollateralJson): AppraiserInput {
  const collateral = { ...collateralOf(input), ...parts };
  return { ...input, collateral: new TextEncoder().encode(JSON.stringify(collateral)) };
}
export const collateralOf = ({ collateral }: AppraiserInput): CollateralJson => JSON.parse(new TextDecoder().decode(collateral)) as CollateralJson;

/** The code of a refusal. Anything that is not a VeriteeError, or an accept, fails the test that asks. */
export async function refusal(verdict: Promise<unknown>): Promise<string> {
  try {
    await verdict;
  } catch (error) {
    if (error instanceof VeriteeError && isErrorCode(error.code)) return error.code;
    throw error;
  }
  return "accepted";
}
