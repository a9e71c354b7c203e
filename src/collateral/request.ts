import { createHash } from "node:crypto";
import { z } from "zod";
import { VeriteeError } from "../protocol/errors.js";
import { tryParse } from "../protocol/schema.js";

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `expected ${bytes} bytes of lower-case hex`);
const svn = z.int().min(0).max(255);

const dcap = z.strictObject({
  platform: z.enum(["sgx", "tdx"]),
  fmspc: hex(6),
  /** The CA that issued the machine's PCK: its revocation list is part of the collateral. */
  ca: z.enum(["platform", "processor"]),
});
const snp = z.strictObject({
  platform: z.literal("snp"),
  product: z.enum(["milan", "genoa", "turin"]),
  /** CHIP_ID of the report; Turin's first 8 bytes. */
  chipId: z.union([hex(64), hex(8)]),
  /** REPORTED_TCB; `fmc` on Turin only. */
  tcb: z.strictObject({ fmc: svn.optional(), bootloader: svn, tee: svn, snp: svn, microcode: svn }),
  /** DER in base64 of a VLEK certificate: cloud providers hand it out, AMD's service does not. A VCEK is fetched. */
  vlek: z.base64().max(12_000).optional(),
});

/** Which collateral: enough to ask the vendor's service for it and to see that the answer is the one asked for. */
export const collateralRequest = z.discriminatedUnion("platform", [dcap, snp]);
export type DcapRequest = z.infer<typeof dcap>;
export type SnpRequest = z.infer<typeof snp>;
export type CollateralRequest = DcapRequest | SnpRequest;

/** @throws input_invalid naming the field */
export function parseRequest(value: unknown): CollateralRequest {
  const parsed = tryParse(collateralRequest, value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VeriteeError("input_invalid", "not a collateral request", { field: issue?.path.join(".") ?? "", problem: issue?.message ?? "" });
}

/** A name for people and files, the same for the same request. */
export function nameOf(request: CollateralRequest): string {
  if (request.platform !== "snp") return `${request.platform}-${request.fmspc}-${request.ca}`;
  const { product, chipId, tcb: { fmc = 0, bootloader, tee, snp: firmware, microcode }, vlek = "" } = request;
  const tcb = [fmc, bootloader, tee, firmware, microcode].join(".");
  const key = createHash("sha256").update(JSON.stringify([product, chipId, tcb, vlek])).digest("hex");
  return `snp-${product}-${tcb}-${key.slice(0, 24)}`;
}
