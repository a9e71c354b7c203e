import { ensure, VeriteeError } from "../protocol/errors.js";
import { R } from "../protocol/field.js";
import type { CircuitInput } from "../proofs/prover.js";
import { writeBig } from "./sections.js";

/** What a circom 2 witness calculator exports. Field elements pass through shared memory, 32 bits at a time. */
interface CircomExports {
  init(sanityCheck: number): void;
  getFieldNumLen32(): number;
  getInputSize(): number;
  getInputSignalSize(hashHigh: number, hashLow: number): number;
  setInputSignal(hashHigh: number, hashLow: number, position: number): void;
  getWitnessSize(): number;
  getWitness(index: number): void;
  readSharedRWMemory(index: number): number;
  writeSharedRWMemory(index: number, value: number): void;
  getMessageChar(): number;
}

const WORDS = 8;

/** A compiled witness program. Instances are not shared: each calculation starts from clean memory. */
export class WitnessCalculator {
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  static async open(wasm: Uint8Array): Promise<WitnessCalculator> {
    return new WitnessCalculator(await WebAssembly.compile(Uint8Array.from(wasm)));
  }

  /** All wires of the circuit. @throws witness_invalid when the input violates a constraint or misses a signal */
  async calculate(input: CircuitInput): Promise<Witness> {
    const circom = await instantiate(this.#module);
    ensure(circom.getFieldNumLen32() === WORDS, "artefact_mismatch", "the circuit is not over BN254's scalar field");
    circom.init(0);
    setInputs(circom, input);
    const length = circom.getWitnessSize();
    const words = new Uint32Array(length * WORDS);
    for (let i = 0; i < length; i++) {
      circom.getWitness(i);
      for (let j = 0; j < WORDS; j++) words[i * WORDS + j] = circom.readSharedRWMemory(j);
    }
    return new Witness(words);
  }
}

/** The values of all wires; wire 0 is 1. */
export class Witness {
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  get length(): number {
    return this.#words.length / WORDS;
  }

  wire(index: number): bigint {
    let value = 0n;
    for (let j = WORDS - 1; j >= 0; j--) value = (value << 32n) | BigInt(this.#words[index * WORDS + j] as number);
    return value;
  }

  /** All values from wire `from` on, 32 bytes each, little endian. */
  toBytes(from = 0): Uint8Array {
    const out = new Uint8Array((this.length - from) * 32);
    const view = new DataView(out.buffer);
    this.#words.subarray(from * WORDS).forEach((word, i) => view.setUint32(4 * i, word, true));
    return out;
  }
}

async function instantiate(module: WebAssembly.Module): Promise<CircomExports> {
  let message = "";
  const runtime = {
    exceptionHandler(code: number) {
      throw new VeriteeError("witness_invalid", REASONS[code] ?? "the witness program stopped", { at: message.trim() });
    },
    printErrorMessage: () => void (message += readMessage(circom)),
    writeBufferMessage: () => void readMessage(circom),
    showSharedRWMemory: () => undefined,
  };
  const instance = await WebAssembly.instantiate(module, { runtime });
  const circom = instance.exports as unknown as CircomExports;
  return circom;
}

const REASONS: Readonly<Record<number, string>> = {
  1: "the circuit has no such input",
  2: "too many values for an input",
  3: "an input is set twice",
  4: "the input violates the statement",
};

function readMessage(circom: CircomExports): string {
  let text = "";
  for (let c = circom.getMessageChar(); c !== 0; c = circom.getMessageChar()) text += String.fromCharCode(c);
  return `${text}\n`;
}

function setInputs(circom: CircomExports, input: CircuitInput): void {
  const scratch = new Uint8Array(32);
  const view = new DataView(scratch.buffer);
  let set = 0;
  for (const [name, value] of Object.entries(input)) {
    const values = typeof value === "bigint" ? [value] : value;
    const [high, low] = fnv1a64(name);
    const size = circom.getInputSignalSize(high, low);
    ensure(size >= 0, "witness_invalid", "the circuit has no such input", { input: name });
    ensure(size === values.length, "witness_invalid", "wrong number of values for an input", { input: name, values: values.length, expected: size });
    values.forEach((v, position) => {
      ensure(v >= 0n && v < R, "signal_out_of_range", "an input is not below r", { input: name, position });
      writeBig(scratch, 0, v);
      for (let j = 0; j < WORDS; j++) circom.writeSharedRWMemory(j, view.getUint32(4 * j, true));
      set += 1;
      circom.setInputSignal(high, low, position);
    });
  }
  ensure(set === circom.getInputSize(), "witness_invalid", "inputs are missing", { values: set, expected: circom.getInputSize() });
}

/** FNV-1a, 64 bits, of an input's name: how circom addresses inputs. */
function fnv1a64(text: string): [high: number, low: number] {
  let hash = 0xcbf29ce484222325n;
  for (const c of text) hash = ((hash ^ BigInt(c.charCodeAt(0))) * 0x100000001b3n) & 0xffffffffffffffffn;
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}
