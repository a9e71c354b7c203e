import type { AnchorSet, SnpChain } from "../attestation/verdict.js";
import { toBase64, type Bytes } from "../protocol/bytes.js";
import { SIMULATED_PLATFORMS, SimulatedTee } from "./simulated-tee.js";

const HEAD = `import { fromBase64, type Bytes } from "../../protocol/bytes.js";
import type { AnchorSet, SnpChain } from "../verdict.js";

// Written by src/simulator/anchors-module.ts; a test holds it equal to what the public seed gives.

const der = (...lines: readonly string[]): Bytes => fromBase64(lines.join(""));
const chain = (product: string, signer: SnpChain["signer"], ark: Bytes, ask: Bytes): SnpChain => ({ product, signer, ark, ask });
`;

const DOC = `/**
 * Roots of the well-known simulator. The seed behind them is public by design (src/simulator/seed.ts), so evidence under these
 * roots proves nothing about any machine: whoever pins them accepts simulation, and everything that descends from them is
 * labelled \`simulated\`. They are in no default set of anchors: deployments that simulate name them.
 */`;

/** Every root of one seed's simulated platforms. */
export function allAnchors(seed?: Bytes): Required<Pick<AnchorSet, "dcap" | "snp" | "nitro">> {
  const sets = SIMULATED_PLATFORMS.map((platform) => SimulatedTee.fromSeed(seed, { platform }).anchors());
  return { dcap: sets.flatMap((s) => s.dcap ?? []), snp: sets.flatMap((s) => s.snp ?? []), nitro: sets.flatMap((s) => s.nitro ?? []) };
}

/** Source text of src/attestation/roots/sim.ts: the anchors of the public seed as constants. */
export function anchorsModule(): string {
  const { dcap, snp, nitro } = allAnchors();
  const constants = new Map<string, Bytes>([...named("SIM_DCAP_ROOT", dcap), ...snp.flatMap(certificatesOf), ...named("SIM_NITRO_ROOT", nitro)]);
  const texts = [...constants].map(([name, bytes]) => `const ${name} = der(\n${lines(bytes)}\n);\n`);
  const chains = snp.map((c) => `    chain("${c.product}", "${c.signer}", ${arkName(c)}, ${askName(c)}),`).join("\n");
  const set = `export const SIM_ANCHORS: AnchorSet = {\n  dcap: [SIM_DCAP_ROOT],\n  snp: [\n${chains}\n  ],\n  nitro: [SIM_NITRO_ROOT],\n};\n`;
  return [HEAD, ...texts, `${DOC}\n${set}`].join("\n");
}

const named = (name: string, roots: readonly Bytes[]): [string, Bytes][] => roots.map((root) => [name, root]);
const arkName = ({ product }: SnpChain): string => `SIM_ARK_${product.toUpperCase()}`;
const askName = ({ product, signer }: SnpChain): string => `SIM_${signer === "vlek" ? "ASVK" : "ASK"}_${product.toUpperCase()}`;
const certificatesOf = (c: SnpChain): [string, Bytes][] => [[arkName(c), c.ark], [askName(c), c.ask]];
const lines = (bytes: Bytes): string => (toBase64(bytes).match(/.{1,124}/g) ?? []).map((part) => `  "${part}",`).join("\n");
