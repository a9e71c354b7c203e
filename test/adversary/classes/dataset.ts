import type { PlatformResult } from "../../../src/protocol/objects/index.js";
import type { Draw } from "../draw.js";
import { rerandomised } from "../points.js";
import type { AttackClass } from "../play.js";
import type { Told } from "../receipts.js";
import type { Stage } from "../stage.js";
import { consistent } from "../told.js";
import { judgeInput } from "../witnesses.js";

/** Another dataset, owner, version, day, program or source than was asked for. */
export function datasetLies(stage: Stage): AttackClass {
  const { receipts, told, parties } = stage;
  const { asked } = parties.datasets;
  const about = (name: string, slow: boolean) => ({
    name: `truly proved of another dataset (${name})`, share: 10, slow,
    attempt: async (draw: Draw) => {
      const lie = await told(name);
      const { leaf } = asked.manifest.value;
      return receipts.judge({ ...lie, ...draw.pick<() => Partial<Told>>([
        () => ({}),
        () => ({ result: { ...lie.result, leaf } }),
        () => ({ result: { ...lie.result, leaf, asOfDay: asked.parts.terms.asOfDay } }),
        () => ({ result: { ...lie.result, leaf, gradeSalt: draw.bytes(31) } }),
        () => ({ result: { ...lie.result, leaf, termsAmount: BigInt(draw.int(100)) } }),
        () => ({ signals: { ...lie.signals, asOfDay: asked.parts.terms.asOfDay, sourceClass: 0, registryRoot: draw.pick([lie.signals.registryRoot, stage.ground.paths.askedProved.root]) }, proof: rerandomised(lie.proof, draw) , result: { ...lie.result, leaf: draw.field() } }),
      ])() });
    },
  });

  return {
    name: "dataset, terms, source",
    weight: 14,
    controls: {
      "the dataset that was asked for": async () => receipts.judge(await told("open")),
      "witness of it": () => judgeInput("score-sme-invoice", stage.score("open").built.input),
    },
    moves: [
      about("stranger", false), about("later", true), about("otherDay", true), about("endorsed", true),
      { name: "another as-of day or source class in the signals", share: 30, attempt: async (draw) => {
        const honest = await told(draw.pick(["open", "demanding"]));
        const change = draw.int(2) === 0 ? { asOfDay: honest.signals.asOfDay + draw.sign() * (1 + draw.int(2000)) } : { sourceClass: 1 + draw.int(5) };
        const lie: Partial<PlatformResult> = "asOfDay" in change ? { asOfDay: change.asOfDay } : {};
        const told2 = draw.int(2) === 0 ? consistent(honest, lie) : honest;
        return receipts.judge({ ...told2, signals: { ...told2.signals, ...change } });
      } },
      { name: "under another program", share: 8, attempt: async (draw) => {
        const honest = await told("open");
        return receipts.judge({ ...honest, program: draw.pick(["retail-account/1", "sme-invoice/2", "receivable/1"]), proof: draw.int(2) === 0 ? honest.proof : rerandomised(honest.proof, draw) });
      } },
      { name: "another manifest shown with the result", share: 8, attempt: async (draw) => receipts.judge({ ...(await told("open")), dataset: draw.pick([parties.datasets.later, parties.datasets.stranger, parties.datasets.otherDay, parties.datasets.endorsed]) }) },
      { name: "labels that say more than is so", share: 2, most: 60, attempt: async (draw) => {
        const honest = await told("open");
        return receipts.judge({ ...honest, statement: draw.pick([
          { datasetProved: true }, { developmentParameters: false }, { simulated: false }, { datasetProved: true, createdAt: 1 + draw.int(1000) },
          { verificationKeySha256: draw.bytes(32) }, { chainId: 1 + draw.int(1000) }, { ledger: stage.ground.deployment.datasetRegistry },
        ]) });
      } },
      { name: "unproved root for a job that wants a proved one", share: 2, most: 60, slow: true, attempt: async (draw) => {
        const lie = await told("unprovedForDemanding");
        return receipts.judge({ ...lie, statement: { datasetProved: draw.int(4) !== 0 } });
      } },
      { name: "input of the circuit", share: 3, most: 60, attempt: (draw) => {
        const { input } = stage.score("open").built;
        const name = draw.pick(["ownerId", "sourceKey", "termsAmount", "datasetRoot", "aggregateSalt", "asOfDay", "sourceClass", "J", "merkleIndex", "merkleDepth"]);
        const v = input[name] as bigint;
        // Bits of the index above the path's depth take no part: only those below say anything else.
        const other = name === "merkleIndex" ? v ^ (1n << BigInt(draw.int(Number(input["merkleDepth"])))) : draw.pick([v + 1n, v + 2n + BigInt(draw.int(1 << 16))]);
        return judgeInput("score-sme-invoice", { ...input, [name]: other });
      } },
    ],
  };
}
