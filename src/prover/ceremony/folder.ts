import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { utf8 } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { writeWhole } from "../artefact-files.js";
import { chainOf } from "../zkey.js";
import type { ContributionChain } from "../contributions.js";
import { canonicalJson } from "./canonical-json.js";

// A ceremony is a folder that goes from hand to hand: ceremony.json, and for each circuit its r1cs and one proving key a round,
// 0000.zkey, 0001.zkey, ... A key holds the whole chain before it, so that only the last one must travel.

const hash = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const count = z.int().nonnegative();

const ptauRecord = z.strictObject({
  blake2b512: hash(64), bytes: count, power: count, ceremonyPower: count, contributions: count,
  /** The file of this hash is the published one of its power; otherwise it is another ceremony's, verified in full. */
  published: z.boolean(),
});
const circuitRecord = z.strictObject({
  circuit: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), r1csSha256: hash(32), wasmSha256: hash(32), constraints: count, publicInputs: count,
});
const ceremonyFile = z.strictObject({ format: z.literal("veritee-ceremony/1"), ptau: ptauRecord, circuits: z.array(circuitRecord).min(1) });

export type PtauRecord = z.output<typeof ptauRecord>;
/** What a ceremony fixes of a circuit before it begins. */
export type CeremonyCircuit = z.output<typeof circuitRecord>;
export type Ceremony = z.output<typeof ceremonyFile>;

export const r1csFile = (folder: string, circuit: string): string => join(folder, circuit, "circuit.r1cs");
export const zkeyFile = (folder: string, circuit: string, round: number): string => join(folder, circuit, `${String(round).padStart(4, "0")}.zkey`);

/** @throws not_found, input_invalid */
export async function readCeremony(folder: string): Promise<Ceremony> {
  const ceremony = await findCeremony(folder);
  if (ceremony === undefined) throw new VeriteeError("not_found", "no ceremony in this folder: begin one with `veritee setup start`", { folder });
  return ceremony;
}

/** @throws input_invalid when there is one that cannot be read */
export async function findCeremony(folder: string): Promise<Ceremony | undefined> {
  const text = await readFile(join(folder, "ceremony.json"), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  if (text === undefined) return undefined;
  const parsed = ceremonyFile.safeParse(parse(text));
  ensure(parsed.success, "input_invalid", "not a ceremony file", { file: join(folder, "ceremony.json") });
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export const writeCeremony = (folder: string, ceremony: Ceremony): Promise<void> =>
  writeWhole(join(folder, "ceremony.json"), utf8(canonicalJson(ceremony)));

/** The last round of a circuit's key in the folder; -1 when there is none. */
export async function lastRound(folder: string, circuit: string): Promise<number> {
  const names = await readdir(join(folder, circuit)).catch(() => []);
  return Math.max(-1, ...names.map((name) => /^(\d{4})\.zkey$/.exec(name)?.[1]).filter((n) => n !== undefined).map(Number));
}

/** The rounds of all circuits: `done` is in for every circuit, `begun` for some at least. */
export async function rounds(folder: string, { circuits }: Ceremony): Promise<{ readonly done: number; readonly begun: number }> {
  const last = await Promise.all(circuits.map(({ circuit }) => lastRound(folder, circuit)));
  ensure(last.every((n) => n >= 0), "not_found", "a circuit has no proving key yet: run `veritee setup start` again", {
    circuit: circuits[last.indexOf(-1)]?.circuit ?? "",
  });
  return { done: Math.min(...last), begun: Math.max(...last) };
}

/** @throws artefact_mismatch when the key in the folder is malformed */
export const chainIn = async (folder: string, circuit: string, round: number): Promise<ContributionChain> =>
  chainOf(Uint8Array.from(await readFile(zkeyFile(folder, circuit, round))));

/** Lets `make` write a key beside its place; it is put there only when whole. */
export async function makeKey(folder: string, circuit: string, round: number, make: (path: string) => Promise<void>): Promise<void> {
  const place = zkeyFile(folder, circuit, round);
  const unfinished = `${place}.${process.pid}.tmp`;
  await mkdir(join(folder, circuit), { recursive: true });
  try {
    await make(unfinished);
    await rename(unfinished, place);
  } finally {
    await rm(unfinished, { force: true });
  }
}
