import { fromHex, toHex, utf8, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { field, type Field } from "../protocol/field.js";
import { idFromBytes, type LedgerAddress } from "../protocol/ids.js";
import { ledgerProgramId, signalList } from "../protocol/ledger-digest.js";
import type { DatasetProof } from "../protocol/objects/dataset-proof.js";
import type { ProofBytes } from "../protocol/objects/proof-bytes.js";
import type { CircuitRole, ProvedLeaf, Steps, Submission } from "./ports.js";

// Between our forms (bytes, bare lower-case hex) and those of the EVM libraries (0x, bigint).

export type Hex = `0x${string}`;

export const toHex0x = (bytes: Bytes): Hex => `0x${toHex(bytes)}`;
export const with0x = (hex: string): Hex => `0x${hex}`;
export const without0x = (hex: string): string => hex.slice(2).toLowerCase();
export const addressFrom = (hex: string): LedgerAddress => idFromBytes(fromHex(hex), 20, "ledger address");
/** A uint256 that the contracts keep below r. */
export const fieldFrom = (value: bigint): Field => field(value);
export const numberFrom = (value: bigint): number => {
  ensure(value <= BigInt(Number.MAX_SAFE_INTEGER), "chain_unavailable", "the chain answered a number beyond 2^53", { value });
  return Number(value);
};

type Words5 = readonly [bigint, bigint, bigint, bigint, bigint];
type Words8 = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** The eight words of a proof in the precompile's order: G2 coordinates come with c1 first (EIP-197). */
export function proofWords(proof: ProofBytes): Words8 {
  const [ax, ay] = proof.a.map(word);
  const [bx0, bx1, by0, by1] = proof.b.map(word);
  const [cx, cy] = proof.c.map(word);
  return [ax, ay, bx1, bx0, by1, by0, cx, cy].map((w) => {
    ensure(w !== undefined, "proof_invalid", "a proof has 2, 4 and 2 coordinates");
    return w;
  }) as unknown as Words8;
}

/** Arguments of ReceiptLedger.submit and .check. */
export const submitArgs = (s: Submission): readonly [Hex, Words5, Words8, Hex] =>
  [toHex0x(ledgerProgramId(s.program)), signalList(s), proofWords(s.proof), toHex0x(s.ledgerSignature)];

interface BatchEntry {
  readonly claim: { readonly signals: Words5; readonly proof: Words8 };
  readonly r: Hex;
  readonly vs: Hex;
}

/** Arguments of ReceiptLedger.submitBatch. @throws input_invalid when empty or of several programs */
export function batchArgs(submissions: readonly Submission[]): readonly [Hex, readonly BatchEntry[]] {
  const program = submissions[0]?.program;
  ensure(program !== undefined, "input_invalid", "a batch has a receipt at least");
  ensure(submissions.every((s) => s.program === program), "input_invalid", "a batch is of one program");
  return [toHex0x(ledgerProgramId(program)), submissions.map((s) => (
    { claim: { signals: signalList(s), proof: proofWords(s.proof) }, ...compactSignature(s.ledgerSignature) }))];
}

/** Arguments of ProvedDatasetRegistry.insert. @param from position of the state to begin at */
export const insertArgs = ({ proof, authority, signature }: ProvedLeaf, from: number): readonly unknown[] => [
  toHex0x(ledgerProgramId(proof.program)), datasetSignals(proof), proofWords(proof.dataset),
  proof.states.slice(from), proof.chunks.slice(from).map(proofWords),
  with0x(authority), toHex0x(signature), toHex0x(proof.endorsement ?? new Uint8Array()),
];

/** S_0, S_n, leaf, dataset root, source class, source key: the dataset circuit's order. */
const datasetSignals = ({ states, leaf, datasetRoot, sourceClass, sourceKey }: DatasetProof): readonly bigint[] => {
  const [first, last] = [states[0], states.at(-1)];
  ensure(first !== undefined && last !== undefined, "input_invalid", "a dataset proof has a state at least");
  return [first, last, leaf, datasetRoot, BigInt(sourceClass), sourceKey];
};

/** Arguments of ProvedDatasetRegistry.proveSteps. */
export const stepsArgs = ({ program, start, states, chunks }: Steps): readonly unknown[] =>
  [toHex0x(ledgerProgramId(program)), start, states, chunks.map(proofWords)];

/** A role as the program registry's bytes32, and its program: zero for none in particular. */
export const circuitArgs = (role: CircuitRole, program: string | undefined): readonly [Hex, Hex] =>
  [`0x${toHex(utf8(role)).padEnd(64, "0")}`, toHex0x(program === undefined ? new Uint8Array(32) : ledgerProgramId(program))];

const HIGH_BIT = 0x80;
const NO_SIGNATURE = toHex0x(new Uint8Array(32));

/** EIP-2098: the parity goes into the bit that a low s leaves free. What has no such form is sent as zeros, which the ledger refuses as malformed. */
function compactSignature(signature: Bytes): { r: Hex; vs: Hex } {
  const [v, s0] = [signature[64], signature[32]];
  if (signature.length !== 65 || (v !== 27 && v !== 28) || s0 === undefined || s0 >= HIGH_BIT) return { r: NO_SIGNATURE, vs: NO_SIGNATURE };
  const vs = signature.slice(32, 64);
  vs[0] = v === 28 ? s0 | HIGH_BIT : s0;
  return { r: toHex0x(signature.subarray(0, 32)), vs: toHex0x(vs) };
}

/** A coordinate may be any 256-bit number here; the contract refuses what is not canonical. */
const word = (bytes: Bytes): bigint => BigInt(toHex0x(bytes));


/** An anchor's name as the worker registry's bytes16: ASCII, zeros behind. */
export const anchorTo = (anchor: string): Hex => `0x${toHex(utf8(anchor)).padEnd(32, "0")}`;
export const anchorFrom = (hex: Hex): string => new TextDecoder().decode(fromHex(hex)).replace(/\0+$/, "");
