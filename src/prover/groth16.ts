import { randomBytes } from "node:crypto";
import { toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { R } from "../protocol/field.js";
import { artefactsOf, type ArtefactManifest, type CircuitName, type ManifestOf } from "../proofs/artefacts.js";
import type { CircuitInput, ProvedStatement, Prover } from "../proofs/prover.js";
import { verificationKeySha256 } from "../proofs/vk.js";
import { engine } from "./engine.js";
import { groth16Proof } from "./groth16-proof.js";
import { parseProvingKey, type ProvingKey } from "./proving-key.js";
import { WitnessCalculator } from "./witness.js";
import { inspectZkey } from "./zkey.js";

/** What proving a statement takes. */
export interface ProvingArtefacts {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
}

/** Where artefacts come from: a folder, a bundle, a network. Asked once a circuit. */
export type ArtefactSource = (circuit: CircuitName) => Promise<ProvingArtefacts>;

/** A prover that can be made ready before the first statement arrives. */
export interface WarmableProver extends Prover {
  /** Loads and checks a circuit's artefacts and builds the engine, about a second. @throws as prove() */
  warm(circuit: CircuitName): Promise<void>;
}

interface Loaded {
  readonly calculator: WitnessCalculator;
  readonly key: ProvingKey;
}

/**
 * The default prover: circom's witness program, then Groth16 on snarkjs' curve engine, in process. Artefacts and engine
 * stay in memory, so the first proof is the slow one. Call terminate() of engine.ts to free them.
 */
export function snarkjsProver(source: ArtefactSource, manifestOf: ManifestOf = artefactsOf): WarmableProver {
  const loaded = new Map<CircuitName, Promise<Loaded>>();
  const open = (circuit: CircuitName): Promise<Loaded> => {
    const known = loaded.get(circuit);
    if (known !== undefined) return known;
    const pending = source(circuit).then((bytes) => load(manifestOf(circuit), bytes));
    loaded.set(circuit, pending);
    pending.catch(() => loaded.delete(circuit)); // the next proof asks the source again
    return pending;
  };
  return {
    warm: async (circuit) => void (await open(circuit)),
    prove: async (circuit, input) => proveOnce(await open(circuit), input),
  };
}

/** @throws parameters_insecure, artefact_mismatch */
async function load(pin: ArtefactManifest, { wasm, zkey }: ProvingArtefacts): Promise<Loaded> {
  const { key, development } = inspectZkey(zkey);
  const { circuit } = pin;
  const found = toHex(verificationKeySha256(key));
  ensure(found === pin.verificationKeySha256, "artefact_mismatch", "the proving key is not the circuit's", {
    circuit, found, expected: pin.verificationKeySha256,
  });
  ensure(development === (pin.parameters === "development-INSECURE"), "parameters_insecure", "the proving key's mark differs from its label", {
    circuit, label: pin.parameters,
  });
  const [calculator, curve] = await Promise.all([WitnessCalculator.open(wasm), engine()]);
  return { calculator, key: parseProvingKey(zkey, curve.tm.concurrency) };
}

async function proveOnce({ calculator, key }: Loaded, input: CircuitInput): Promise<ProvedStatement> {
  const curve = await engine();
  const start = performance.now();
  const witness = await calculator.calculate(input);
  const computed = performance.now();
  const proof = await groth16Proof(curve, key, witness, randomScalar);
  const proved = performance.now();
  return {
    proof,
    signals: Array.from({ length: key.publicInputs }, (_, i) => witness.wire(i + 1)),
    timings: { witnessMs: computed - start, proveMs: proved - computed },
  };
}

/** 384 random bits modulo r: the bias is below 2^-128. */
const randomScalar = (): bigint => BigInt(`0x${randomBytes(48).toString("hex")}`) % R;
