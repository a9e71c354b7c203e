import { createHash } from "node:crypto";
import { toHex } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { coordinateToBytes } from "../proofs/codec.js";
import type { G1Point, G2Point } from "../proofs/types.js";
import { readG1, readG2 } from "./points.js";
import { Reader } from "./sections.js";

/** One link of a proving key's phase-2 chain. */
export interface Contribution {
  /** A beacon's secret is computed from public randomness: it adds no secrecy, it ends the chain beyond anybody's influence. */
  readonly kind: "contribution" | "beacon";
  /** Empty when unnamed. */
  readonly name: string;
  /** blake2b-512 of its public key and transcript, as snarkjs prints it. */
  readonly hash: string;
  readonly beacon: Beacon | undefined;
}

export interface Beacon {
  /** The public randomness, lower-case hex. */
  readonly value: string;
  /** SHA-256 is applied 2^iterationsLog2 times. */
  readonly iterationsLog2: number;
}

export interface ContributionChain {
  /** What the first contribution was made on: blake2b-512 over the initial key. */
  readonly circuitHash: string;
  readonly contributions: readonly Contribution[];
}

const BEACON = 1;

/** Reads section 10 of a zkey file; judges nothing. @throws artefact_mismatch when malformed */
export function readContributions(from: Reader): ContributionChain {
  try {
    const circuitHash = toHex(from.take(64));
    const count = from.u32();
    ensure(count <= 10_000, "artefact_mismatch", "the proving key lists too many contributions", { count });
    return { circuitHash, contributions: Array.from({ length: count }, () => readContribution(from)) };
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("artefact_mismatch", "the proving key's list of contributions is malformed", {}, { cause });
  }
}

function readContribution(from: Reader): Contribution {
  const publicKey = [g1Bytes(readG1(from)), g1Bytes(readG1(from)), g1Bytes(readG1(from)), g2Bytes(readG2(from)), from.take(64)];
  const hash = createHash("blake2b512");
  for (const part of publicKey) hash.update(part);
  const kind = from.u32();
  ensure(kind <= BEACON, "artefact_mismatch", "a contribution of an unknown kind", { kind });
  const { name, iterationsLog2, value } = readParameters(new Reader(from.take(from.u32())));
  const isBeacon = kind === BEACON;
  ensure(isBeacon === (iterationsLog2 !== undefined) && isBeacon === (value !== undefined), "artefact_mismatch", "a beacon without its parameters");
  return {
    kind: isBeacon ? "beacon" : "contribution", name, hash: hash.digest("hex"),
    beacon: iterationsLog2 === undefined || value === undefined ? undefined : { value, iterationsLog2 },
  };
}

interface Parameters { name: string; iterationsLog2?: number; value?: string }

/** Tagged values in ascending order: 1 name, 2 logarithm of the beacon's iterations, 3 the beacon. */
function readParameters(from: Reader): Parameters {
  const read: Parameters = { name: "" };
  const byte = (): number => from.take(1)[0] as number;
  for (let at = 0, before = 0; at < from.bytes.length;) {
    const tag = byte();
    ensure(tag > before && tag <= 3, "artefact_mismatch", "a contribution's parameters are malformed", { tag });
    before = tag;
    const first = byte();
    if (tag === 1) read.name = new TextDecoder().decode(from.take(first));
    else if (tag === 2) read.iterationsLog2 = first;
    else read.value = toHex(from.take(first));
    at += tag === 2 ? 2 : 2 + first;
  }
  return read;
}

const g1Bytes = ({ x, y }: G1Point): Uint8Array => Buffer.concat([x, y].map(coordinateToBytes));
const g2Bytes = ({ x, y }: G2Point): Uint8Array => Buffer.concat([x.c1, x.c0, y.c1, y.c0].map(coordinateToBytes));
