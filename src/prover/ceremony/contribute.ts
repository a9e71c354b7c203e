import { randomBytes } from "node:crypto";
import { toHex } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { DEVELOPMENT_MARK } from "../../proofs/development.js";
import type { Beacon, ContributionChain } from "../contributions.js";
import { chainIn, lastRound, makeKey, readCeremony, rounds, zkeyFile } from "./folder.js";
import { snarkjs, type EngineRun, type EngineStep } from "./snarkjs-process.js";
import type { OnCircuitStep } from "./start.js";

/** What a participant keeps, and publishes: with it anyone can tell that the final parameters hold this contribution. */
export interface RoundResult {
  readonly round: number;
  readonly name: string;
  readonly hashes: readonly { readonly circuit: string; readonly hash: string }[];
}

interface RoundOptions {
  readonly folder: string;
  readonly name: string;
  readonly onStep?: OnCircuitStep;
}

/**
 * Adds a participant's secret to every circuit's key and forgets it. The secret is drawn from the system's random numbers; a
 * text is mixed in. Interrupted, it goes on under the same name with the circuits that are missing.
 * @throws input_invalid, conflict (after a beacon, or a round that another began), artefact_mismatch
 */
export function contribute({ text = "", ...options }: RoundOptions & { readonly text?: string }): Promise<RoundResult> {
  return nextRound(options, (from, to, onStep) => {
    // snarkjs adds 64 bytes of its own from the system; these make the draw hang on no single call.
    const entropy = `${toHex(Uint8Array.from(randomBytes(64)))} ${text}`;
    return snarkjs("zKey.contribute", [from, to, options.name, entropy], onStep);
  });
}

export const BEACON_ITERATIONS = { least: 10, most: 30 } as const;

/**
 * Ends the chain with public randomness that nobody could know when the last participant contributed.
 * @throws as contribute(); parameters_insecure when nobody contributed: the beacon's secret is public
 */
export async function applyBeacon({ beacon: { value, iterationsLog2 }, ...options }: RoundOptions & { readonly beacon: Beacon }): Promise<RoundResult> {
  ensure(/^([0-9a-f]{2}){32,255}$/.test(value), "input_invalid", "a beacon is 32 to 255 bytes in lower-case hexadecimal", { field: "beacon" });
  const { least, most } = BEACON_ITERATIONS;
  ensure(Number.isInteger(iterationsLog2) && iterationsLog2 >= least && iterationsLog2 <= most, "input_invalid", "iterations are given as a power of two",
    { field: "iterations", least, most });
  return nextRound(options, (from, to, onStep) => snarkjs("zKey.beacon", [from, to, options.name, value, iterationsLog2], onStep), { value, iterationsLog2 });
}

type Apply = (from: string, to: string, onStep: (step: EngineStep) => void) => Promise<EngineRun<string | false>>;

async function nextRound({ folder, name, onStep = () => undefined }: RoundOptions, apply: Apply, beacon?: Beacon): Promise<RoundResult> {
  checkName(name);
  const ceremony = await readCeremony(folder);
  const { done, begun } = await rounds(folder, ceremony);
  const round = done + 1;
  ensure(begun <= round, "conflict", "circuits of this folder are rounds apart", { done, begun });
  const hashes: { circuit: string; hash: string }[] = [];
  for (const { circuit } of ceremony.circuits) {
    checkOpen(circuit, await chainIn(folder, circuit, done), beacon !== undefined);
    const ours = await begunRound(folder, circuit, round);
    if (ours === undefined) {
      await makeKey(folder, circuit, round, async (path) => {
        const { value, complaints } = await apply(zkeyFile(folder, circuit, done), path, (step) => onStep({ circuit, ...step }));
        ensure(value !== false, "input_invalid", "snarkjs refused the contribution", { circuit, reason: complaints });
      });
    }
    const made = ours ?? await chainIn(folder, circuit, round);
    const last = made.contributions.at(-1);
    ensure(last?.name === name && sameBeacon(last.beacon, beacon), "conflict", "this round was begun with another contribution: go on with that, or remove its keys",
      { round, circuit, begunBy: last?.name ?? "" });
    hashes.push({ circuit, hash: last.hash });
  }
  return { round, name, hashes };
}

const sameBeacon = (a: Beacon | undefined, b: Beacon | undefined): boolean => a?.value === b?.value && a?.iterationsLog2 === b?.iterationsLog2;

/** The chain of a circuit whose key of this round is there: an earlier call was interrupted. */
const begunRound = async (folder: string, circuit: string, round: number): Promise<ContributionChain | undefined> =>
  (await lastRound(folder, circuit)) === round ? chainIn(folder, circuit, round) : undefined;

/** As it will stand in the key for ever. */
function checkName(name: string): void {
  ensure(name.length >= 1 && name.length <= 64 && name.trim() === name && !/\p{Cc}/u.test(name), "input_invalid", "a name is 1 to 64 characters without line ends or outer spaces",
    { field: "name" });
  ensure(!name.includes(DEVELOPMENT_MARK), "input_invalid", "this name marks development keys", { field: "name" });
}

function checkOpen(circuit: string, { contributions }: ContributionChain, beacon: boolean): void {
  ensure(contributions.every((c) => c.kind === "contribution"), "conflict", "the ceremony is over: its beacon was applied", { circuit });
  ensure(!beacon || contributions.length > 0, "parameters_insecure", "nobody contributed yet: a key with a beacon alone has a public secret", { circuit });
}
