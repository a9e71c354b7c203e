import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AMD_CHAINS } from "../../../src/attestation/roots/amd.js";
import { INTEL_SGX_ROOT_CA } from "../../../src/attestation/roots/intel.js";
import { MICROSOFT_VTPM_ROOTS } from "../../../src/attestation/roots/microsoft.js";
import type { AzurePlatform } from "../../../src/attestation/azure/evidence.js";
import type { AppraiserInput, TrustAnchors } from "../../../src/attestation/verdict.js";
import { azureYamlToJson } from "../../../src/cli/azure-yaml.js";
import { fromBase64, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { readBytes, readCase, unixSeconds, VECTORS } from "../snp/cases.js";

export const VENDORS: TrustAnchors = { vendor: { snp: AMD_CHAINS, dcap: [INTEL_SGX_ROOT_CA], vtpm: MICROSOFT_VTPM_ROOTS } };

/** Where a case shares its machine, and so its collateral, with a case of another folder. */
const COLLATERAL: Readonly<Record<string, readonly string[]>> = { "az-tdx-vtpm/flashbots-2025-full": ["tdx", "flashbots-azure-2025-ok", "collateral.json"] };

export const azureCases = (platform: AzurePlatform): string[] => readdirSync(join(VECTORS, platform)).sort().map((name) => `${platform}/${name}`);

const text = (...path: string[]): string => readFileSync(join(VECTORS, ...path), "utf8");

/** Format 0 and 1 as they were captured; the YAML in format 1. */
export function azureInput(name: string): AppraiserInput {
  const { expect, verifyAt } = readCase(name);
  const yaml = readdirSync(join(VECTORS, name)).includes("evidence.yaml");
  const collateral = COLLATERAL[name];
  return {
    evidence: yaml ? utf8(JSON.stringify(azureYamlToJson(text(name, "evidence.yaml")))) : readBytes(name, "evidence.json"),
    collateral: collateral === undefined ? new Uint8Array() : readBytes(...collateral),
    anchors: VENDORS, at: unixSeconds(verifyAt), judgeTcb: !expect.includes("TCB not judged"),
  };
}

/** The attestation key's certificate of the YAML case, without the zeros that fill its PEM. */
export function akCertificate(): Bytes {
  const pem = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(text("az-tdx-vtpm", "flashbots-2025-full", "evidence.yaml"))?.[1] ?? "";
  return fromBase64(pem.replace(/\s+/g, "")).slice(0, 1009);
}

type Json = Record<string, unknown>;
export interface Format1 extends Json { hcl_report: string; tpm_quote: { message: string; signature: string; pcrs: string[] } }

/** Evidence of format 1 with parts replaced. */
export function changed(input: AppraiserInput, change: (evidence: Format1) => void): AppraiserInput {
  const evidence = JSON.parse(new TextDecoder().decode(input.evidence)) as Format1;
  change(evidence);
  return { ...input, evidence: utf8(JSON.stringify(evidence)) };
}

export const base64url = (bytes: Bytes): string => Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
export const fromBase64url = (encoded: string): Bytes => Uint8Array.from(Buffer.from(encoded, "base64url"));
