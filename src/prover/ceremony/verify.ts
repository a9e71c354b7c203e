import { readFile } from "node:fs/promises";
import { toHex } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { DEVELOPMENT_MARK } from "../../proofs/development.js";
import type { VerificationKey } from "../../proofs/types.js";
import { checkVerificationKey } from "../../proofs/verify.js";
import { verificationKeySha256 } from "../../proofs/vk.js";
import { sha256Hex } from "../artefact-files.js";
import type { ContributionChain } from "../contributions.js";
import { chainOf, inspectZkey } from "../zkey.js";
import { BEACON_ITERATIONS } from "./contribute.js";
import { r1csFile, readCeremony, rounds, zkeyFile, type Ceremony, type CeremonyCircuit, type PtauRecord } from "./folder.js";
import { checkPtau } from "./ptau-check.js";
import { snarkjs, type EngineStep } from "./snarkjs-process.js";
import type { OnCircuitStep } from "./start.js";

/** In the order in which they run; one that fails leaves the later ones of its circuit unchecked. */
export const CEREMONY_CHECKS = ["powers-of-tau", "circuit", "contributions", "beacon", "key", "chain"] as const;

export interface CeremonyCheck {
  readonly name: (typeof CEREMONY_CHECKS)[number];
  /** Empty for the powers of tau, which all circuits share. */
  readonly circuit: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A circuit's proving key of the verified round. */
export interface VerifiedKey {
  readonly record: CeremonyCircuit;
  readonly round: number;
  readonly chain: ContributionChain;
  readonly zkeySha256: string;
  readonly key: VerificationKey;
}

export interface CeremonyReport {
  readonly ok: boolean;
  /** Whether it was judged as final parameters: closed by a beacon. */
  readonly final: boolean;
  readonly checks: readonly CeremonyCheck[];
  readonly ptau: PtauRecord | undefined;
  /** Of the circuits that passed every check. */
  readonly keys: readonly VerifiedKey[];
}

export interface VerifyCeremonyOptions {
  readonly folder: string;
  /** The powers-of-tau file; its hash must be the ceremony's, or the one given. */
  readonly ptau: string;
  readonly ptauHash?: string | undefined;
  /** The circuits as the verifier knows them, not as the folder tells. */
  readonly circuits: readonly CeremonyCircuit[];
  /** Judge as final parameters. */
  readonly final: boolean;
  readonly onStep?: OnCircuitStep;
}

/**
 * Verifies the last round of a ceremony from its beginnings: the powers of tau, each circuit's pinned constraints, every
 * contribution. Believes nothing that the folder says. Takes as long as the initial keys did.
 * @throws not_found when there is no ceremony to judge
 */
export async function verifyCeremony(options: VerifyCeremonyOptions): Promise<CeremonyReport> {
  const { folder, final, onStep = () => undefined } = options;
  const ceremony = await readCeremony(folder);
  const { done: round } = await rounds(folder, ceremony);
  const checks: CeremonyCheck[] = [];
  const run = async <T>(name: CeremonyCheck["name"], circuit: string, body: () => Promise<readonly [detail: string, value: T]>): Promise<T | undefined> => {
    try {
      const [detail, value] = await body();
      checks.push({ name, circuit, ok: true, detail });
      return value;
    } catch (error) {
      if (!(error instanceof VeriteeError)) throw error;
      checks.push({ name, circuit, ok: false, detail: error.describe() });
      return undefined;
    }
  };
  const ptau = await run("powers-of-tau", "", () => samePtau(ceremony, options));
  const keys: VerifiedKey[] = [];
  for (const { circuit } of ptau === undefined ? [] : ceremony.circuits) {
    const record = await run("circuit", circuit, () => pinnedCircuit(folder, circuit, options.circuits));
    const zkey = record && Uint8Array.from(await readFile(zkeyFile(folder, circuit, round)));
    const chain = zkey && await run("contributions", circuit, async () => contributions(chainOf(zkey)));
    const closed = chain && await run("beacon", circuit, async () => beacon(chain, final));
    const key = zkey && closed && await run("key", circuit, async () => verificationKey(zkey, record.publicInputs));
    const whole = key && await run("chain", circuit, () => verifyChain(folder, circuit, round, options.ptau, (step) => onStep({ circuit, ...step })));
    if (whole === true) keys.push({ record, round, chain, zkeySha256: sha256Hex(zkey), key });
  }
  return { ok: checks.every((c) => c.ok), final, checks, ptau, keys };
}

type Found<T> = readonly [detail: string, value: T];

async function samePtau({ ptau: told, circuits }: Ceremony, { ptau, ptauHash = told.blake2b512, onStep = () => undefined }: VerifyCeremonyOptions): Promise<Found<PtauRecord>> {
  const found = await checkPtau({ path: ptau, blake2b512: ptauHash, otherCeremony: !told.published }, circuits, (step) => onStep({ circuit: "", ...step }));
  ensure(found.blake2b512 === told.blake2b512, "artefact_mismatch", "the ceremony was begun with other powers of tau", { found: found.blake2b512, expected: told.blake2b512 });
  return [`${found.published ? "published file" : "ANOTHER CEREMONY'S file, verified,"} of power ${found.power}, blake2b-512 ${found.blake2b512.slice(0, 16)}...`, found];
}

async function pinnedCircuit(folder: string, circuit: string, known: readonly CeremonyCircuit[]): Promise<Found<CeremonyCircuit>> {
  const record = known.find((c) => c.circuit === circuit);
  ensure(record !== undefined, "unsupported", "no such circuit is pinned", { circuit });
  const file = r1csFile(folder, circuit);
  const found = sha256Hex(await readFile(file).catch((cause: unknown) => {
    throw new VeriteeError("not_found", "the circuit's constraints are not in the folder", { file }, { cause });
  }));
  ensure(found === record.r1csSha256, "artefact_mismatch", "the constraints are not the pinned ones", { circuit, found, expected: record.r1csSha256 });
  return [`${record.constraints} constraints as pinned, SHA-256 ${found.slice(0, 16)}...`, record];
}

async function contributions(chain: ContributionChain): Promise<Found<ContributionChain>> {
  const people = chain.contributions.filter((c) => c.kind === "contribution");
  ensure(people.length > 0, "parameters_insecure", "nobody contributed: whoever has the key can forge");
  ensure(chain.contributions.every((c) => !c.name.includes(DEVELOPMENT_MARK)), "parameters_insecure", "a development key: its trapdoor is public");
  return [`${people.length}: ${people.map((c) => c.name || "(unnamed)").join(", ")}`, chain];
}

async function beacon({ contributions: all }: ContributionChain, final: boolean): Promise<Found<true>> {
  const beacons = all.filter((c) => c.kind === "beacon");
  const last = all.at(-1);
  ensure(beacons.length <= 1 && (beacons.length === 0 || last?.kind === "beacon"), "parameters_insecure", "a contribution follows the beacon: who made it could aim at a key");
  ensure(!final || last?.kind === "beacon", "parameters_insecure", "no beacon was applied: the last participant could aim at a key");
  if (last?.beacon === undefined) return ["none yet", true];
  const { value, iterationsLog2 } = last.beacon;
  // The check computes them all: a number out of range would keep it busy for ever.
  ensure(iterationsLog2 <= BEACON_ITERATIONS.most, "input_invalid", "too many iterations of the beacon", { iterationsLog2, most: BEACON_ITERATIONS.most });
  return [`${value}, 2^${iterationsLog2} iterations`, true];
}

async function verificationKey(zkey: Uint8Array, publicInputs: number): Promise<Found<VerificationKey>> {
  const { key } = inspectZkey(zkey);
  ensure(key.ic.length === publicInputs + 1, "artefact_mismatch", "the key has another number of public signals", { found: key.ic.length - 1, expected: publicInputs });
  checkVerificationKey(key);
  return [`verification key SHA-256 ${toHex(verificationKeySha256(key))}`, key];
}

async function verifyChain(folder: string, circuit: string, round: number, ptau: string, onStep: (step: EngineStep) => void): Promise<Found<true>> {
  const { value, complaints } = await snarkjs("zKey.verifyFromR1cs", [r1csFile(folder, circuit), ptau, zkeyFile(folder, circuit, round)], onStep);
  ensure(value, "artefact_mismatch", "the key does not follow from circuit, powers of tau and contributions", { reason: complaints });
  return ["follows from the circuit and the powers of tau through every contribution", true];
}
