import type { ErrorCode } from "../protocol/errors.js";
import { NITRO_BAD_EVIDENCE } from "./nitro/bad-evidence.js";
import type { BadOf } from "./platform.js";
import { SNP_BAD_EVIDENCE } from "./snp/bad-evidence.js";
import { TDX_BAD_EVIDENCE } from "./tdx/bad-evidence.js";
import { SIMULATED_PLATFORMS, type QuoteOptions, type SimulatedPlatformName } from "./simulated-tee.js";

/** One kind of evidence that must be refused, how to mint it, and the code of its refusal. */
export interface BadEvidence {
  /** Kebab case, unique per platform. */
  readonly name: string;
  readonly platform: SimulatedPlatformName;
  readonly options: QuoteOptions;
  readonly code: ErrorCode;
}

const rows = <O>(platform: SimulatedPlatformName, table: readonly BadOf<O>[], wrap: (options: O) => QuoteOptions): BadEvidence[] =>
  table.map(([name, code, options]) => ({ name, platform, options: wrap(options), code }));

/** What is wrong alike on every platform. */
const common = (platform: SimulatedPlatformName): BadEvidence[] => [
  { name: "debug", platform, options: { debug: true }, code: "evidence_debug" },
  { name: "tampered", platform, options: { tampered: true }, code: "evidence_signature" },
  // AMD's issuers are found by name: there a stranger of the same name fails at the signature.
  { name: "foreign-root", platform, options: { foreignRoot: true }, code: platform === "snp" ? "certificate_path" : "evidence_anchor" },
];

/** Every kind of bad evidence that the simulator mints: for tests, and for operators' drills of a deployment's refusals. */
export const BAD_EVIDENCE: readonly BadEvidence[] = [
  ...SIMULATED_PLATFORMS.flatMap(common),
  ...rows("snp", SNP_BAD_EVIDENCE, (snp) => ({ snp })),
  ...rows("tdx", TDX_BAD_EVIDENCE, (tdx) => ({ tdx })),
  ...rows("nitro", NITRO_BAD_EVIDENCE, (nitro) => ({ nitro })),
];
