import { R } from "../../../src/protocol/field.js";
import type { CircuitName } from "../../../src/proofs/artefacts.js";
import type { CircuitInput } from "../../../src/proofs/prover.js";
import type { Chunk } from "../../../src/protocol/chunks.js";
import { refusedBy, ACCEPTED, type AttackClass, type Verdict } from "../play.js";
import type { Draw } from "../draw.js";
import { program } from "../parties.js";
import type { Stage } from "../stage.js";
import { ingestSource, once } from "../statements.js";
import { constraintsOf, judgeInput } from "../witnesses.js";

/** Records, states and hints edited on their way into the circuits; witnesses edited behind them. */
export function ingestLies(stage: Stage): AttackClass {
  const { plans, parties } = stage;
  const { endorsed } = parties.datasets;
  const chunkInput = (draw: Draw): CircuitInput => plans.endorsed.chunkInput(1 + draw.int(plans.endorsed.states.length - 1));

  function editedInput(draw: Draw, input: CircuitInput): CircuitInput {
    // In a chunk of purchases the heads take no part (docs/protocol.md 12.1).
    const name = draw.pick(Object.keys(input).filter((n) => n !== "heads" || input["direction"] === 0n));
    const value = input[name] as bigint | readonly bigint[];
    const change = (v: bigint): bigint => draw.pick([
      () => (v + 1n) % R, () => (v + R - 1n) % R, () => (v + (1n << BigInt(draw.int(240)))) % R, () => draw.field() as bigint,
    ])();
    if (typeof value === "bigint") return { ...input, [name]: change(value) };
    const i = draw.int(value.length);
    return { ...input, [name]: value.map((v, j) => (j === i ? change(v) : v)) };
  }
  /** The same records but for one thing, with all that follows from it, and then told as a step of the owner's dataset. */
  function otherRecords(draw: Draw): CircuitInput {
    const chunks = endorsed.opened.chunks.map((c): Chunk => ({ ...c, records: [...c.records] }));
    const chunk = draw.pick(chunks);
    const records = chunk.records as Chunk["records"][number][];
    const i = draw.int(records.length);
    const r = records[i] as (typeof records)[number];
    draw.pick([
      () => void (records[i] = { ...r, amount: r.amount + draw.sign() * (1 + draw.int(1_000_000)) }),
      () => void (records[i] = { ...r, status: 1 - r.status }),
      () => void (records[i] = { ...r, day: r.day - 31 }),
      () => void records.splice(i, 1),
      () => void records.splice(i, 0, r),
    ])();
    const lie = program.ingest(ingestSource(endorsed, { chunks }));
    const input = lie.chunkInput(chunk.index);
    const truth = plans.endorsed.chunkInput(chunk.index);
    // Always to the owner's state: to a state of its own the step may well be a true one, of another dataset.
    const stateOut = truth["stateOut"] as bigint;
    return draw.pick([{ ...input, stateOut }, { ...truth, opened: input["opened"] as bigint[], rest: input["rest"] as bigint[] }, { ...input, stateIn: truth["stateIn"] as bigint, stateOut }]);
  }
  const leafOfLie = (draw: Draw): CircuitInput => {
    const source = ingestSource(endorsed, { chunks: endorsed.opened.chunks.slice(0, 1) });
    const lie = program.ingest(source).datasetInput;
    const truth = plans.endorsed.datasetInput;
    return draw.pick([
      { ...lie, leaf: truth["leaf"] as bigint }, { ...lie, leaf: truth["leaf"] as bigint, datasetRoot: truth["datasetRoot"] as bigint },
      { ...truth, stateLast: lie["stateLast"] as bigint }, { ...truth, chunks: lie["chunks"] as bigint }, { ...truth, stateFirst: lie["stateFirst"] as bigint },
      { ...lie, stateLast: truth["stateLast"] as bigint, leaf: truth["leaf"] as bigint },
    ]);
  };

  const CIRCUITS: Readonly<Record<string, () => CircuitInput>> = {
    "ingest-sme-invoice": () => plans.endorsed.chunkInput(1), "dataset-sme-invoice": () => plans.endorsed.datasetInput,
    "score-sme-invoice": () => stage.score("open").built.input,
  };
  const constraints = once((name) => constraintsOf(name as CircuitName, (CIRCUITS[name] as () => CircuitInput)()));
  /** A public signal of an honest witness changed behind the witness program's back, or a private input. */
  async function editedWitness(draw: Draw, name: string): Promise<Verdict> {
    const { checker, publicSignals, inputs } = await constraints(name);
    const wire = 1 + draw.int(draw.int(2) === 0 ? publicSignals : inputs);
    const value = checker.value(wire);
    const other = draw.pick([(value + 1n) % R, (value + R - 1n) % R, 1n - value < 0n ? 0n : 1n - value, draw.field() as bigint]);
    if (other === value) return editedWitness(draw, name);
    return checker.survives(wire, other) ? ACCEPTED : refusedBy("constraints");
  }

  return {
    name: "ingest inputs and witnesses",
    weight: 11,
    controls: {
      "every honest chunk": async () => {
        for (let i = 1; i < plans.endorsed.states.length; i++) {
          const verdict = await judgeInput("ingest-sme-invoice", plans.endorsed.chunkInput(i));
          if (!verdict.accepted) return verdict;
        }
        return ACCEPTED;
      },
      "the honest dataset statement": () => judgeInput("dataset-sme-invoice", plans.endorsed.datasetInput),
    },
    moves: [
      { name: "a chunk's input edited", share: 10, most: 150, attempt: (draw) => judgeInput("ingest-sme-invoice", editedInput(draw, chunkInput(draw))) },
      { name: "other records under the owner's states", share: 6, most: 100, attempt: (draw) => judgeInput("ingest-sme-invoice", otherRecords(draw)) },
      { name: "the dataset statement's input edited", share: 6, most: 100, attempt: (draw) => judgeInput("dataset-sme-invoice", editedInput(draw, plans.endorsed.datasetInput)) },
      { name: "the owner's leaf over other records", share: 6, most: 60, attempt: (draw) => judgeInput("dataset-sme-invoice", leafOfLie(draw)) },
      { name: "witness edited (dataset)", share: 20, attempt: (draw) => editedWitness(draw, "dataset-sme-invoice") },
      { name: "witness edited (ingest)", share: 30, slow: true, attempt: (draw) => editedWitness(draw, "ingest-sme-invoice") },
      { name: "witness edited (score)", share: 20, slow: true, attempt: (draw) => editedWitness(draw, "score-sme-invoice") },
    ],
  };
}
