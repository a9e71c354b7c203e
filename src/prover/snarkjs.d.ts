// The part of snarkjs 0.7 that is used here: its curve engine, which is ffjavascript 0.3, and what makes ceremonies for tests.
declare module "snarkjs" {
  /** Field elements and points are byte strings in the engine's Montgomery form; so are arrays of them. */
  export interface EngineField {
    readonly n8: number;
    /** w[k] is the 2^k-th root of unity */
    readonly w: readonly Uint8Array[];
    e(value: bigint): Uint8Array;
    toObject(value: Uint8Array): bigint;
    fft(values: Uint8Array): Promise<Uint8Array>;
    ifft(values: Uint8Array): Promise<Uint8Array>;
    /** value i times first * step^i */
    batchApplyKey(values: Uint8Array, first: Uint8Array, step: Uint8Array): Promise<Uint8Array>;
  }
  /** `Coordinate` is bigint in G1 and [c0, c1] in G2. Points are Jacobian or affine by their length. */
  export interface EngineGroup<Coordinate> {
    readonly F: { readonly n8: number };
    /** generator, Jacobian */
    readonly g: Uint8Array;
    /** infinity, Jacobian */
    readonly zero: Uint8Array;
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    toObject(point: Uint8Array): readonly [x: Coordinate, y: Coordinate, z: Coordinate];
    /** affine bases, scalars as plain little-endian integers */
    multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
  }
  /** One step of a task for the engine's threads. */
  export type EngineCommand = Readonly<Record<string, unknown>> & { readonly cmd: string };
  export interface EngineThreads {
    readonly instance: { readonly exports: Readonly<Record<string, (...pointers: number[]) => number>> };
    readonly memory: WebAssembly.Memory;
    u8: Uint8Array;
    u32: Uint32Array;
    /** the engine's wasm; present in single-thread mode */
    readonly code: Uint8Array;
    concurrency: number;
    singleThread: boolean;
    queueAction(task: readonly EngineCommand[]): Promise<Uint8Array[]>;
    alloc(bytes: number): number;
  }
  export interface Curve {
    readonly Fr: EngineField;
    readonly G1: EngineGroup<bigint>;
    readonly G2: EngineGroup<readonly [c0: bigint, c1: bigint]>;
    readonly tm: EngineThreads;
    /** Ends the threads of a curve that has some. */
    terminate(): Promise<void>;
  }
  export const curves: {
    getCurveFromName(name: "bn128", options?: { readonly singleThread?: boolean }): Promise<Curve>;
  };
  /** Files are paths; hashes are blake2b-512. What a ceremony needs runs in a process of its own (ceremony/snarkjs-process.ts). */
  export const zKey: {
    contribute(from: string, to: string, name: string, entropy: string): Promise<Uint8Array>;
    beacon(from: string, to: string, name: string, beacon: string, iterationsLog2: number): Promise<Uint8Array | false>;
  };
  export const powersOfTau: {
    newAccumulator(curve: Curve, power: number, file: string): Promise<Uint8Array>;
    contribute(from: string, to: string, name: string, entropy: string): Promise<Uint8Array>;
    preparePhase2(from: string, to: string): Promise<void>;
  };
}
