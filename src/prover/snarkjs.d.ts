// The part of snarkjs 0.7 and of its curve engine (ffjavascript 0.3) that is used here.
declare module "snarkjs" {
  /** Field elements and points are byte strings in the engine's Montgomery form. */
  export interface EngineField {
    readonly n8: number;
    readonly w: readonly Uint8Array[];
    e(value: bigint): Uint8Array;
    toObject(value: Uint8Array): bigint;
  }
  export interface EngineGroup {
    readonly F: { readonly n8: number };
    /** generator, Jacobian */
    readonly g: Uint8Array;
    readonly gAffine: Uint8Array;
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    batchToAffine(points: Uint8Array): Promise<Uint8Array>;
    toRprLEM(out: Uint8Array, offset: number, point: Uint8Array): void;
    fromRprLEM(bytes: Uint8Array, offset: number): Uint8Array;
    toRprUncompressed(out: Uint8Array, offset: number, point: Uint8Array): void;
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
    queueAction(task: readonly EngineCommand[], transfers?: readonly ArrayBuffer[]): Promise<Uint8Array[]>;
    alloc(bytes: number): number;
  }
  export interface Curve {
    readonly Fr: EngineField;
    readonly G1: EngineGroup;
    readonly G2: EngineGroup;
    readonly tm: EngineThreads;
    terminate(): Promise<void>;
  }
  export const curves: {
    getCurveFromName(name: "bn128", options?: { readonly singleThread?: boolean }): Promise<Curve>;
  };
  export const groth16: {
    prove(zkey: Uint8Array, witness: Uint8Array): Promise<{
      readonly proof: import("../proofs/codec.js").SnarkjsProof;
      readonly publicSignals: readonly string[];
    }>;
  };
}
