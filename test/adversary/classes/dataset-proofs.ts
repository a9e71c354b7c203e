import type { Field } from "../../../src/protocol/field.js";
import type { DatasetProof, ProofBytes } from "../../../src/protocol/objects/index.js";
import { datasetSignals } from "../../../src/proofs/dataset-proof.js";
import { datasetJudge } from "../datasets.js";
import type { Draw } from "../draw.js";
import { crossCancelling, forged, rerandomised } from "../points.js";
import type { AttackClass } from "../play.js";
import type { Stage } from "../stage.js";
import { proofOfFalseWitness } from "../witnesses.js";

/** Records invented, trimmed, repeated, reordered, spliced: the whole dataset proof as the registry is given it. */
export function datasetProofLies(stage: Stage, options: { twinEvery: number }): AttackClass {
  const { ground, parties, provedDataset } = stage;
  const { judge, judgeSteps } = datasetJudge(stage, options);
  const { endorsed } = parties.datasets;
  const good = () => provedDataset("endorsed");
  const other = () => provedDataset("asked");
  const at = <T>(list: readonly T[], i: number, value: T): T[] => list.map((x, j) => (j === i ? value : x));

  /** Other steps than the owner's under the owner's leaf. */
  async function spliced(draw: Draw): Promise<DatasetProof> {
    const [g, o] = [await good(), await other()];
    const n = g.chunks.length;
    const i = draw.int(n);
    const chunk = (j: number): ProofBytes => g.chunks[j] as ProofBytes;
    const [oChunk, oFirst, oLast] = [o.chunks[0] as ProofBytes, o.states[0] as Field, o.states.at(-1) as Field];
    return { ...g, ...draw.pick<() => Partial<DatasetProof>>([
      () => ({ chunks: at(g.chunks, i, oChunk) }),
      () => ({ chunks: at(g.chunks, i, rerandomised(oChunk, draw)), states: at(g.states, i + 1, oLast) }),
      () => ({ chunks: [...g.chunks].reverse() }),
      () => ({ states: [g.states[0] as Field, ...g.states.slice(1, -1).reverse(), g.states.at(-1) as Field].map((s, j) => (j === 1 ? draw.field() : s)) }),
      () => ({ states: [...g.states].reverse() }),
      () => ({ chunks: g.chunks.slice(1), states: g.states.slice(1) }),
      () => ({ chunks: g.chunks.slice(0, -1), states: g.states.slice(0, -1) }),
      () => ({ chunks: at(g.chunks, i, chunk(i)).filter((_, j) => j !== i), states: g.states.filter((_, j) => j !== i + 1) }),
      () => ({ chunks: [...g.chunks.slice(0, i + 1), chunk(i), ...g.chunks.slice(i + 1)], states: [...g.states.slice(0, i + 1), ...g.states.slice(i)] }),
      () => ({ chunks: [...o.chunks, ...g.chunks], states: [...o.states.slice(0, -1), ...g.states] }),
      () => ({ chunks: [...g.chunks, ...o.chunks], states: [...g.states.slice(0, -1), ...o.states] }),
      () => ({ chunks: [oChunk], states: [oFirst, oLast] }),
      () => ({ chunks: [], states: [draw.pick(g.states)] }),
      () => ({ chunks: [chunk(0)], states: [g.states[0] as Field, g.states.at(-1) as Field] }),
      () => ({ states: at(g.states, draw.int(g.states.length), draw.field()) }),
    ])() };
  }
  const named: Claim[] = [
    { name: "leaf", change: (d) => ({ leaf: d.pick([stage.evilLeaf, parties.datasets.asked.manifest.value.leaf, parties.datasets.later.manifest.value.leaf, d.field()]) }) },
    { name: "dataset root", change: (d) => ({ datasetRoot: d.pick([parties.datasets.asked.manifest.value.datasetRoot, d.field()]) }) },
    { name: "class", change: (d) => ({ sourceClass: 2 + d.int(4) }) },
    { name: "source key", change: (d) => ({ sourceKey: d.field() }) },
    { name: "no source", change: () => ({ sourceClass: 0, sourceKey: 0n as Field, endorsement: undefined }) },
    { name: "no endorsement", change: () => ({ endorsement: undefined }) },
    { name: "endorsement by nobody", change: (d) => ({ endorsement: d.bytes(65) }) },
  ];

  return {
    name: "dataset proofs",
    weight: 13,
    controls: {
      "the endorsed dataset": async () => judge(await good()),
      "in another form": async () => { const g = await good(); return judge({ ...g, dataset: rerandomised(g.dataset, { field: () => 11n } as never) }); },
      "its steps ahead": async () => { const { program, states, chunks } = await good(); return judgeSteps({ program, states, chunks, start: states[0] as Field }); },
    },
    moves: [
      { name: "chunks and states spliced, left out, repeated, reordered", share: 45, attempt: async (draw) => judge(await spliced(draw)) },
      { name: "the proof reused for another leaf, root or source", share: 25, attempt: async (draw) => {
        const g = await good();
        return judge({ ...g, ...draw.pick(named).change(draw) });
      } },
      { name: "an endorsement of something else", share: 15, attempt: async (draw) => {
        const g = await good();
        const { bankKey, retiredBankKey } = parties;
        return judge({ ...g, endorsement: draw.pick([
          () => stage.endorse(parties.datasets.asked.manifest.value.leaf), () => stage.endorse(draw.field()), () => stage.endorse(g.leaf, retiredBankKey),
          () => stage.endorse(g.leaf, ground.liar.ledger), () => stage.endorse(g.leaf, bankKey, "retail-account/1"),
          () => stage.endorse(g.datasetRoot),
        ])() });
      } },
      { name: "bad proofs among good ones, and such as cancel", share: 20, attempt: async (draw) => {
        const g = await good();
        const i = draw.int(g.chunks.length);
        const [x, y] = crossCancelling(g.chunks[0] as ProofBytes, g.chunks.at(-1) as ProofBytes, draw);
        return judge({ ...g, ...draw.pick<() => Partial<DatasetProof>>([
          () => ({ chunks: [x, ...g.chunks.slice(1, -1), y] }),
          () => ({ chunks: at(g.chunks, i, forged(draw, g.chunks[i] as ProofBytes, g.dataset)) }),
          () => ({ dataset: forged(draw, g.dataset, g.chunks[i] as ProofBytes) }),
          () => ({ dataset: g.chunks[i] as ProofBytes }),
          () => ({ chunks: at(g.chunks, i, g.dataset) }),
        ])() });
      } },
      { name: "prover run on a false witness", share: 1, most: 8, attempt: async (draw) => {
        const g = await good();
        const lie = draw.pick<Partial<DatasetProof>>([{ leaf: draw.field() }, { datasetRoot: (await other()).datasetRoot }]);
        const signals = datasetSignals({ ...g, ...lie });
        const dataset = await proofOfFalseWitness("dataset-sme-invoice", stage.plans.endorsed.datasetInput, Object.fromEntries(signals.map((s, i) => [i + 1, s])), () => draw.field());
        return judge({ ...g, ...lie, dataset });
      } },
      { name: "in another authority's name", share: 8, attempt: async (draw) => {
        const g = await good();
        return draw.int(2) === 0 ? judge(g, ground.liarsAuthority) : judge(g, ground.authorityOf(endorsed), draw.bytes(65));
      } },
      { name: "steps ahead that nobody proved", share: 10, attempt: async (draw) => {
        const [g, o] = [await good(), await other()];
        const whole = { program: g.program, states: g.states, chunks: g.chunks, start: g.states[0] as Field };
        return judgeSteps({ ...whole, ...draw.pick([
          () => ({ start: draw.pick([o.states[0] as Field, draw.field()]) }),
          () => ({ states: at(g.states, draw.int(g.states.length), draw.field()) }),
          () => ({ states: g.states.slice(1), chunks: g.chunks.slice(1) }),
          () => ({ chunks: at(g.chunks, draw.int(g.chunks.length), o.chunks[0] as ProofBytes) }),
          () => ({ states: [draw.field()], chunks: [] }),
        ])() });
      } },
      ...["trimmed", "extended", "copied"].map((name) => ({
        name: `records ${name} under the endorsement of the whole`, share: 8, slow: name !== "copied",
        attempt: async (draw: Draw) => {
          const [lie, g] = [await provedDataset(name), await good()];
          return judge({ ...lie, ...draw.pick<() => Partial<DatasetProof>>([
            () => ({}), () => ({ leaf: g.leaf }), () => ({ datasetRoot: g.datasetRoot }), () => ({ leaf: g.leaf, datasetRoot: g.datasetRoot }),
            () => ({ leaf: g.leaf, datasetRoot: g.datasetRoot, dataset: lie.dataset }), () => ({ endorsement: stage.endorse(lie.leaf, ground.liar.ledger) }),
          ])() }, draw.pick([ground.authorityOf(endorsed), ground.liarsAuthority]));
        },
      })),
    ],
  };
}

interface Claim { readonly name: string; readonly change: (draw: Draw) => Partial<DatasetProof> }
