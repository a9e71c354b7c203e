import { groth16 } from "snarkjs";
import { toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { artefactsOf, type ProgramId } from "../proofs/artefacts.js";
import { proofFromSnarkjs } from "../proofs/codec.js";
import type { CircuitInput, ProvedScore, Prover } from "../proofs/prover.js";
import { verificationKeySha256 } from "../proofs/vk.js";
import { engine } from "./engine.js";
import { WitnessCalculator } from "./witness.js";
import { inspectZkey } from "./zkey.js";

/** What proving a program takes. */
export interface ProvingArtefacts {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
}

/** Where artefacts come from: a folder, a bundle, a network. Asked once a program. */
export type ArtefactSource = (program: ProgramId) => Promise<ProvingArtefacts>;

interface Loaded {
  readonly calculator: WitnessCalculator;
  readonly zkey: Uint8Array;
}

/**
 * The default prover: circom's witness program and snarkjs' Groth16, in process. Artefacts and the curve engine stay in
 * memory, so the first proof is the slow one. Call terminate() of engine.ts when done.
 */
export function snarkjsProver(source: ArtefactSource): Prover {
  const loaded = new Map<ProgramId, Promise<Loaded>>();
  return {
    async prove(program: ProgramId, input: CircuitInput): Promise<ProvedScore> {
      const pending = loaded.get(program) ?? source(program).then((bytes) => load(program, bytes));
      loaded.set(program, pending);
      const artefacts = await pending.catch((cause: unknown) => {
        loaded.delete(program);
        throw cause;
      });
      return proveOnce(artefacts, input);
    },
  };
}

/** @throws parameters_insecure, artefact_mismatch */
async function load(program: ProgramId, { wasm, zkey }: ProvingArtefacts): Promise<Loaded> {
  const { key, development } = inspectZkey(zkey);
  const pin = artefactsOf(program);
  const found = toHex(verificationKeySha256(key));
  ensure(found === pin.verificationKeySha256, "artefact_mismatch", "the proving key is not the program's", {
    program, found, expected: pin.verificationKeySha256,
  });
  ensure(development === (pin.parameters === "development-INSECURE"), "parameters_insecure", "the proving key's mark differs from its label", {
    program, label: pin.parameters,
  });
  const [calculator] = await Promise.all([WitnessCalculator.open(wasm), engine()]);
  return { calculator, zkey };
}

async function proveOnce({ calculator, zkey }: Loaded, input: CircuitInput): Promise<ProvedScore> {
  await engine();
  const start = performance.now();
  const witness = await calculator.calculate(input);
  const computed = performance.now();
  const { proof, publicSignals } = await groth16.prove(zkey, witness.toBytes());
  const proved = performance.now();
  return {
    proof: proofFromSnarkjs(proof),
    signals: publicSignals.map(BigInt),
    timings: { witnessMs: computed - start, proveMs: proved - computed },
  };
}
