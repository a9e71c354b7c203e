import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Bytes } from "../bytes.js";
import type { Groth16Proof, Groth16ProofSchema } from "../wire/veritee_pb.js";
import { fixed, list } from "./read.js";

/** Affine coordinates as they are in the proof, not yet checked to lie on the curve: a 2 (x, y), b 4 (x.c0, x.c1, y.c0, y.c1), c 2. */
export interface ProofBytes { readonly a: readonly Bytes[]; readonly b: readonly Bytes[]; readonly c: readonly Bytes[] }

const coordinates = (name: string, values: Bytes[], n: number): Bytes[] => list(name, values, { min: n, max: n }, (v) => fixed(name, v, 32));

export const readProof = (name: string, wire: Groth16Proof): ProofBytes => ({
  a: coordinates(`${name}.a`, wire.a, 2),
  b: coordinates(`${name}.b`, wire.b, 4),
  c: coordinates(`${name}.c`, wire.c, 2),
});

export const writeProof = ({ a, b, c }: ProofBytes): MessageInitShape<typeof Groth16ProofSchema> => ({ a: [...a], b: [...b], c: [...c] });
