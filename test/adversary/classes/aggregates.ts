import { datasetRegistryAbi } from "../../../src/chain/generated/dataset-registry.js";
import { refused } from "../../../src/chain/errors.js";
import { toHex } from "../../../src/protocol/bytes.js";
import { insertDigest, ledgerAddress, signLedger } from "../../../src/protocol/ledger-digest.js";
import type { Draw } from "../draw.js";
import { rerandomised } from "../points.js";
import { ACCEPTED, refusedBy, type AttackClass, type Verdict } from "../play.js";
import type { Told } from "../receipts.js";
import { embellished, type Aggregates, type Stage } from "../stage.js";
import { leafOf, signalsOf } from "../statements.js";
import { consistent, edited, scoreOfAggregates } from "../told.js";
import { judgeInput, proofOfFalseWitness } from "../witnesses.js";


/** Other aggregates than those of the records, under the right leaf or a leaf of the liar's own. */
export function aggregateLies(stage: Stage): AttackClass {
  const { ground, receipts, told, parties, evilLeaf } = stage;
  const { asked } = parties.datasets;
  const truth = asked.parts.aggregates as Aggregates;
  const { paths } = ground;
  const lie = (draw: Draw): Aggregates => (draw.int(6) === 0 ? edited(embellished(truth), draw) : edited(truth, draw));

  /** Told with an honest proof re-randomised, since nothing better exists. */
  async function toldOf(draw: Draw, path: typeof paths.asked): Promise<{ told: Told; score: ReturnType<typeof scoreOfAggregates> }> {
    const honest = await told("open");
    const score = scoreOfAggregates(stage, draw, lie(draw), path);
    const proof = draw.int(4) === 0 ? rerandomised(honest.proof, draw) : honest.proof;
    return { score, told: { ...honest, proof, signals: signalsOf(score), result: score.result } };
  }
  async function toRegistry(args: readonly unknown[]): Promise<Verdict> {
    try {
      await ground.viem.simulateContract({ address: `0x${ground.deployment.datasetRegistry}`, abi: datasetRegistryAbi, functionName: "insert", args } as never);
      return ACCEPTED;
    } catch (error) {
      const { facts } = refused("insert", error);
      if (facts["reason"] === undefined) throw error;
      return refusedBy(`registry: ${String(facts["reason"])}`);
    }
  }
  const insertion = (leaf: bigint, authority: string, key: Uint8Array): readonly unknown[] =>
    [leaf, `0x${authority}`, `0x${toHex(signLedger(insertDigest(ground.place, leaf as never), key))}`];

  return {
    name: "aggregates",
    weight: 16,
    controls: {
      "true aggregates": async () => receipts.judge(await told("open")),
      "witness of true aggregates": () => judgeInput("score-sme-invoice", stage.score("open").built.input),
      "registration under one's own authority": () => toRegistry(insertion(leafOf({ ...asked.parts, aggregateSalt: new Uint8Array(31).fill(7) }), ledgerAddress(ground.liarsAuthority), ground.liarsAuthority)),
    },
    moves: [
      { name: "leaf not in the tree, root of its own", share: 25, attempt: async (draw) => receipts.judge((await toldOf(draw, draw.pick([paths.asked, paths.askedProved]))).told) },
      { name: "path of another leaf", share: 15, attempt: async (draw) => receipts.judge((await toldOf(draw, draw.pick([paths.stranger, paths.later, paths.evil, paths.endorsed]))).told) },
      { name: "right root and leaf, K of the lie", share: 30, attempt: async (draw) => {
        const { told: t, score } = await toldOf(draw, paths.asked);
        const lied = consistent(t, { ...score.result, leaf: asked.manifest.value.leaf });
        return receipts.judge({ ...lied, signals: { ...lied.signals, registryRoot: draw.pick([paths.asked, paths.askedProved]).root } });
      } },
      { name: "input of the circuit", share: 3, most: 90, attempt: async (draw) => {
        const { score } = await toldOf(draw, paths.asked);
        const { input } = score.built;
        return judgeInput("score-sme-invoice", draw.pick([{ ...input, R: paths.asked.root }, { ...stage.score("open").built.input, aggregates: input["aggregates"] as bigint[] }]));
      } },
      { name: "prover run on a false witness", share: 1, most: 4, attempt: async (draw) => {
        const { told: t, score } = await toldOf(draw, paths.asked);
        const proof = await proofOfFalseWitness("score-sme-invoice", score.built.input, { 1: paths.asked.root }, () => draw.field());
        return receipts.judge({ ...t, proof, signals: { ...t.signals, registryRoot: paths.asked.root } });
      } },
      { name: "a leaf of one's own, truly proved", share: 12, attempt: async (draw) => {
        const evil = await told("evil");
        if (draw.int(3) === 0) return receipts.judge(evil);
        return receipts.judge({ ...evil, result: { ...evil.result, leaf: draw.pick([asked.manifest.value.leaf, draw.field()]), ...(draw.int(2) === 0 ? { score: evil.result.score + draw.sign() } : {}) } });
      } },
      { name: "registration in the owner's name", share: 14, attempt: (draw) => {
        const { manifest: { value } } = asked;
        const leaf = leafOf({ ...asked.parts, aggregates: lie(draw) });
        return toRegistry(draw.pick([
          () => insertion(leaf, value.registryAuthority, ground.liarsAuthority),
          () => [leaf, `0x${value.registryAuthority}`, `0x${toHex(draw.bytes(65))}`],
          () => insertion(draw.pick([value.leaf, evilLeaf]), ledgerAddress(ground.liarsAuthority), ground.liarsAuthority),
          () => [leaf, `0x${value.registryAuthority}`, insertion(value.leaf, value.registryAuthority, ground.authorityOf(asked))[2]],
        ])());
      } },
    ],
  };
}
