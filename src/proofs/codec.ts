import { fromHex, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import type { ProofBytes } from "../protocol/objects/proof-bytes.js";
import type { G1Point, G2Point, Groth16Proof } from "./types.js";

/** Order of BN254's base field: coordinates are below it. */
export const Q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** A coordinate as 32 big-endian bytes. */
export const coordinateToBytes = (value: bigint): Bytes => fromHex(value.toString(16).padStart(64, "0"));

/** @throws input_invalid unless 32 bytes below the base field's order */
export function coordinateFromBytes(bytes: Bytes | undefined): bigint {
  ensure(bytes?.length === 32, "input_invalid", "a coordinate is 32 bytes", { length: bytes?.length ?? 0 });
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  ensure(value < Q, "input_invalid", "a coordinate is not below the base field's order");
  return value;
}

/** The proof as signed objects carry it: coordinates x, y and x.c0, x.c1, y.c0, y.c1. */
export const proofToWire = ({ a, b, c }: Groth16Proof): ProofBytes => ({
  a: [a.x, a.y].map(coordinateToBytes),
  b: [b.x.c0, b.x.c1, b.y.c0, b.y.c1].map(coordinateToBytes),
  c: [c.x, c.y].map(coordinateToBytes),
});

/** @throws input_invalid on missing or surplus coordinates */
export function proofFromWire(wire: ProofBytes): Groth16Proof {
  ensure(wire.a.length === 2 && wire.b.length === 4 && wire.c.length === 2, "input_invalid", "a proof has 8 coordinates", {
    coordinates: wire.a.length + wire.b.length + wire.c.length,
  });
  const [ax, ay, x0, x1, y0, y1, cx, cy] = [...wire.a, ...wire.b, ...wire.c].map(coordinateFromBytes) as Eight;
  return { a: { x: ax, y: ay }, b: { x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } }, c: { x: cx, y: cy } };
}

type Eight = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** The proof as the ledger takes it, uint256[8]: A, B with c1 before c0 (EIP-197), C. */
export const proofToLedger = ({ a, b, c }: Groth16Proof): Eight =>
  [a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y];

/** Reads the ledger's uint256[8]. @throws input_invalid unless eight coordinates */
export function proofFromLedger(words: readonly bigint[]): Groth16Proof {
  ensure(words.length === 8, "input_invalid", "a proof has 8 coordinates", { coordinates: words.length });
  const [ax, ay, x1, x0, y1, y0, cx, cy] = words as Eight;
  return { a: { x: ax, y: ay }, b: { x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } }, c: { x: cx, y: cy } };
}

/** A proof in snarkjs' JSON form: decimal strings, projective with a last coordinate of 1. */
export interface SnarkjsProof {
  readonly pi_a: readonly string[];
  readonly pi_b: readonly (readonly string[])[];
  readonly pi_c: readonly string[];
  readonly protocol: "groth16";
  readonly curve: "bn128";
}

export const proofToSnarkjs = ({ a, b, c }: Groth16Proof): SnarkjsProof => ({
  pi_a: [`${a.x}`, `${a.y}`, "1"],
  pi_b: [[`${b.x.c0}`, `${b.x.c1}`], [`${b.y.c0}`, `${b.y.c1}`], ["1", "0"]],
  pi_c: [`${c.x}`, `${c.y}`, "1"],
  protocol: "groth16",
  curve: "bn128",
});

/** @throws input_invalid unless affine decimal coordinates */
export const proofFromSnarkjs = (json: SnarkjsProof): Groth16Proof => ({
  a: snarkjsG1(json.pi_a),
  b: snarkjsG2(json.pi_b),
  c: snarkjsG1(json.pi_c),
});

function snarkjsG1(words: readonly string[]): G1Point {
  ensure(words.length === 3 && words[2] === "1", "input_invalid", "not an affine point of G1");
  return { x: decimal(words[0]), y: decimal(words[1]) };
}

function snarkjsG2(words: readonly (readonly string[])[]): G2Point {
  const [x, y, z] = words;
  ensure(words.length === 3 && z?.[0] === "1" && z[1] === "0", "input_invalid", "not an affine point of G2");
  return { x: { c0: decimal(x?.[0]), c1: decimal(x?.[1]) }, y: { c0: decimal(y?.[0]), c1: decimal(y?.[1]) } };
}

function decimal(text: string | undefined): bigint {
  ensure(text !== undefined && /^(0|[1-9][0-9]{0,77})$/.test(text), "input_invalid", "not a decimal coordinate");
  return BigInt(text);
}
