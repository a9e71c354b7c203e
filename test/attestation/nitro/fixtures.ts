import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { appraiseNitro } from "../../../src/attestation/nitro/appraise.js";
import { AWS_NITRO_ROOT_G1 } from "../../../src/attestation/roots/aws.js";
import type { Genuine, TrustAnchors } from "../../../src/attestation/verdict.js";
import { VeriteeError } from "../../../src/protocol/errors.js";

const FOLDER = resolve(import.meta.dirname, "../../vectors/evidence/nitro");

export interface NitroCase {
  readonly name: string;
  readonly expect: "accept" | "reject";
  /** Unix seconds. */
  readonly at: number;
  readonly document: Uint8Array;
}

export const caseNames: readonly string[] = readdirSync(FOLDER).sort();

export function nitroCase(name: string): NitroCase {
  const { expect, verifyAt } = JSON.parse(readFileSync(join(FOLDER, name, "case.json"), "utf8")) as { expect: "accept" | "reject"; verifyAt: string };
  return { name, expect, at: Date.parse(verifyAt) / 1000, document: new Uint8Array(readFileSync(join(FOLDER, name, "document.cbor"))) };
}

export const AWS: TrustAnchors = { vendor: { nitro: [AWS_NITRO_ROOT_G1] } };
export const NO_COLLATERAL = new Uint8Array();

export const appraise = (document: Uint8Array, at: number, anchors: TrustAnchors = AWS): Promise<Genuine> =>
  appraiseNitro({ evidence: document, collateral: NO_COLLATERAL, anchors, at, judgeTcb: true });

/** The code of the refusal, or "accept". Anything but a VeriteeError is a defect and is thrown on. */
export async function verdict(document: Uint8Array, at: number, anchors: TrustAnchors = AWS): Promise<string> {
  try {
    await appraise(document, at, anchors);
    return "accept";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}
