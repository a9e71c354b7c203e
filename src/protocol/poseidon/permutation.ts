import { R } from "../field.js";
import { dot, type Matrix, type Vector } from "./linear.js";
import type { Parameters, SparseRound } from "./parameters.js";

function power5(x: bigint): bigint {
  const square = (x * x) % R;
  return (((square * square) % R) * x) % R;
}

/** state[0] after Poseidon's permutation of (0, ...inputs): the hash. Inputs are below r. */
export function permute({ matrix, before, after, partial, collected }: Parameters, inputs: Vector): bigint {
  let state: bigint[] = [0n, ...inputs];
  for (const constants of before) state = fullRound(matrix, constants, state);
  state = partialRounds(partial, collected, state);
  for (const constants of after) state = fullRound(matrix, constants, state);
  return state[0] as bigint;
}

function fullRound(matrix: Matrix, constants: Vector, state: Vector): bigint[] {
  const boxed = state.map((s, i) => power5(s + (constants[i] as bigint)));
  return matrix.map((row) => dot(row, boxed));
}

/** state[1..] is not reduced until the end: 70 products of reduced numbers stay below 515 bits. */
function partialRounds(rounds: readonly SparseRound[], collected: Matrix, state: bigint[]): bigint[] {
  for (const { constant, first, column } of rounds) {
    const head = power5((state[0] as bigint) + constant);
    state[0] = head;
    const next = dot(first, state);
    for (let j = 0; j < column.length; j++) state[j + 1] = (state[j + 1] as bigint) + (column[j] as bigint) * head;
    state[0] = next;
  }
  const rest = state.slice(1).map((s) => s % R);
  return [state[0] as bigint, ...collected.map((row) => dot(row, rest))];
}
