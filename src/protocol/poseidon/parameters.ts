import { R } from "../field.js";
import { Grain } from "./grain.js";
import { inverse, inverseMatrix, timesMatrix, timesVector, type Matrix, type Vector } from "./linear.js";

export const FULL_ROUNDS = 8;
/** By number of inputs, from 1 (circomlib; table 8 of the paper, rounded up to multiples of the width). */
const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68] as const;
export const MAX_INPUTS = PARTIAL_ROUNDS.length;
const FIELD_BITS = 254;

/** One partial round in sparse form: state[0] gets first . state, state[j] gets column[j-1] * state[0] added. */
export interface SparseRound {
  /** Added to state[0] before the S-box. */
  readonly constant: bigint;
  readonly first: Vector;
  readonly column: Vector;
}

/**
 * Parameters of one width. A partial round's dense matrix is written as diag(1, N) times a sparse matrix; the diag
 * part commutes with the next round's S-box, which touches state[0] alone, so it is collected and applied once, after
 * the last partial round. A constant that S-box does not touch is likewise moved to the next round.
 */
export interface Parameters {
  readonly width: number;
  readonly matrix: Matrix;
  /** Constants of the full rounds before and after the partial ones, one vector a round. */
  readonly before: readonly Vector[];
  readonly after: readonly Vector[];
  readonly partial: readonly SparseRound[];
  /** What was collected: applied to state[1..]. */
  readonly collected: Matrix;
}

/** Draws the parameters that circomlib ships as tables, and brings the partial rounds into sparse form. */
export function parameters(inputs: number): Parameters {
  const width = inputs + 1;
  const partialRounds = PARTIAL_ROUNDS[inputs - 1] as number;
  const grain = new Grain(FIELD_BITS, width, FULL_ROUNDS, partialRounds);
  const constants = Array.from({ length: FULL_ROUNDS + partialRounds }, () => Array.from({ length: width }, () => belowR(grain)));
  const matrix = cauchyMatrix(grain, width);
  const half = FULL_ROUNDS / 2;
  const partialConstants = constants.slice(half, half + partialRounds);
  const { first, rest } = moveConstants(matrix, partialConstants);
  const after = constants.slice(half + partialRounds);
  after[0] = (after[0] as bigint[]).map((c, i) => (c + (rest[i] as bigint)) % R);
  return { width, matrix, before: constants.slice(0, half), after, ...sparseRounds(matrix, first) };
}

function belowR(grain: Grain): bigint {
  for (;;) {
    const value = grain.integer(FIELD_BITS);
    if (value < R) return value;
  }
}

/** 1 / (x_i + y_j), a maximum distance separable matrix. */
function cauchyMatrix(grain: Grain, width: number): Matrix {
  const draw = (): bigint[] => Array.from({ length: width }, () => grain.integer(FIELD_BITS) % R);
  const xs = draw();
  const ys = draw();
  return xs.map((x) => ys.map((y) => inverse((x + y) % R)));
}

/** Keeps each round's constant for state[0]; the others go through the round's matrix into the next round's constants. */
function moveConstants(matrix: Matrix, rounds: readonly Vector[]): { first: bigint[]; rest: Vector } {
  const first: bigint[] = [];
  let carried: Vector = matrix.map(() => 0n);
  for (const round of rounds) {
    const sum = round.map((c, i) => (c + (carried[i] as bigint)) % R);
    first.push(sum[0] as bigint);
    carried = timesVector(matrix, [0n, ...sum.slice(1)]);
  }
  return { first, rest: carried };
}

function sparseRounds(matrix: Matrix, constants: readonly bigint[]): { partial: SparseRound[]; collected: Matrix } {
  const inner = matrix.slice(1).map((row) => row.slice(1));
  const innerInverse = inverseMatrix(inner);
  const corner = (matrix[0] as Vector)[0] as bigint;
  let row: Vector = (matrix[0] as Vector).slice(1);
  let column: Vector = timesVector(innerInverse, matrix.slice(1).map((r) => r[0] as bigint));
  let collected: Matrix = inner;
  const partial = constants.map((constant, i): SparseRound => {
    const round = { constant, first: [corner, ...row], column };
    if (i < constants.length - 1) {
      // The next round's matrix has the collected part on its right: N^(i+1), whose inverse undoes it in the column.
      row = timesMatrix([row], inner)[0] as Vector;
      column = timesVector(innerInverse, column);
      collected = timesMatrix(collected, inner);
    }
    return round;
  });
  return { partial, collected };
}
