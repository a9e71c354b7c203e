import type { AnchorSet } from "../attestation/verdict.js";
import type { Bytes } from "../protocol/bytes.js";
import type { ErrorCode } from "../protocol/errors.js";

/** What an enclave's hardware is asked for. */
export interface QuoteRequest {
  /** SHA-384 of what runs. */
  readonly measurement: Bytes;
  /** 64 bytes. */
  readonly reportData: Bytes;
  /** Unix seconds. */
  readonly now: number;
  readonly debug: boolean;
}

export interface Quoted { readonly evidence: Bytes; readonly collateral: Bytes }

/** One TEE, played: the vendor's authorities and one machine that they certified. */
export interface SimulatedPlatform<Options> {
  anchors(): AnchorSet;
  /** @param options changes to honest evidence */
  quote(request: QuoteRequest, options: Options): Quoted;
}

/** One kind of bad evidence of a platform: its name, the code of its refusal, and how to mint it. */
export type BadOf<Options> = readonly [name: string, code: ErrorCode, options: Options];
